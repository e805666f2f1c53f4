package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/rembus-go/rembus/adaptor/ws"
	"github.com/rembus-go/rembus/protocol"
	"github.com/rembus-go/rembus/schema"
	"github.com/rembus-go/rembus/server"
)

// serve runs the broker until ctx ends, then shuts it down: first no new
// connection is taken, then the core drains, the lake applies what is in the log,
// the log closes last.
func serve(ctx context.Context, c *config, stderr io.Writer) (err error) {
	logger, err := newLogger(c, stderr)
	if err != nil {
		return err
	}
	tables, err := loadSchema(c.schema)
	if err != nil {
		return err
	}
	unlock, err := c.occupy()
	if err != nil {
		return err
	}
	defer unlock()
	stopProfiles, err := c.pprof.start(logger)
	if err != nil {
		return err
	}
	defer stopProfiles() // last, so that a shutdown can be profiled too

	db, err := openLake(ctx, c, tables, logger)
	if err != nil {
		return err
	}
	log, closeLog, err := openLog(c, db, logger)
	if err != nil {
		return errors.Join(err, db.close(ctx))
	}
	defer func() {
		ended, cancel := context.WithTimeout(context.Background(), time.Duration(c.shutdownTimeout))
		defer cancel()
		err = errors.Join(err, closeLog(ended))
	}()
	broker, err := server.New(c.serverOptions(log, logger))
	if err != nil {
		return errors.Join(err, db.close(ctx))
	}
	thrift(os.DirFS("/"))
	db.start(log, broker)
	health := newMonitor(c, log, db, broker, logger)
	broker.Provide("health", health.answer)
	listener, err := ws.Listen(c.listen, c.listenOptions(logger))
	if err != nil {
		ended, cancel := context.WithTimeout(context.Background(), time.Duration(c.shutdownTimeout))
		defer cancel()
		return errors.Join(fmt.Errorf("cannot listen on %s: %w", c.listen, err), broker.Close(ended), db.close(ended))
	}
	served := make(chan error, 1)
	go func() {
		served <- listener.Serve(func(link protocol.Link) { connection(broker, link, logger) })
	}()
	banner(logger, c, listener.Addr().String(), tables)
	defer health.start()()

	var failed error
	select {
	case <-ctx.Done():
		logger.Info("shutting down; once more to end at once")
	case failed = <-served:
		logger.Error("listening failed", "err", failed)
	}
	return errors.Join(failed, shutdown(c, listener, broker, db, logger))
}

// occupy makes the broker's directory, if it is missing, and takes its lock.
func (c *config) occupy() (unlock func(), err error) {
	if err := os.MkdirAll(c.home(), 0o700); err != nil {
		return nil, fmt.Errorf("the broker's directory: %w", err)
	}
	return lockDir(c.home())
}

// connection serves one component.
func connection(broker *server.Server, link protocol.Link, logger *slog.Logger) {
	if err := broker.Serve(link); err != nil && !errors.Is(err, server.ErrShutdown) {
		logger.Info("connection ended", "addr", link.RemoteAddr(), "reason", err)
	}
}

func shutdown(c *config, listener *ws.Listener, broker *server.Server, db *store, logger *slog.Logger) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(c.shutdownTimeout))
	defer cancel()
	stopped := make(chan error, 1)
	go func() { stopped <- listener.Close(ctx) }()
	err := errors.Join(broker.Close(ctx), <-stopped, db.close(ctx))
	if err != nil {
		return fmt.Errorf("the shutdown was cut short after %v: %w", time.Duration(c.shutdownTimeout), err)
	}
	logger.Info("stopped", "published", broker.Stats().Published)
	return nil
}

func (c *config) serverOptions(log server.Log, logger *slog.Logger) server.Options {
	return server.Options{
		Name: c.name, Version: version, Log: log, Logger: logger,
		Limits: protocol.Limits{MaxMessage: int(c.maxMessage)},
		Policy: server.Policy(c.policy), OverwriteConnection: c.overwrite,
		RequestTimeout: time.Duration(c.requestTimeout), AckTimeout: time.Duration(c.ackTimeout), SendRetries: c.sendRetries,
		Outbox: int(c.outbox), OutboxTotal: int64(c.outboxTotal), Window: c.window, MaxSubscriptions: c.maxSubscriptions,
		TwinExpiry: time.Duration(c.twinExpiry),
	}
}

func (c *config) listenOptions(logger *slog.Logger) ws.ListenOptions {
	return ws.ListenOptions{
		Limits: protocol.Limits{MaxMessage: int(c.maxMessage)}, Origins: c.origins,
		CertFile: c.cert, KeyFile: c.key, Ping: time.Duration(c.pingInterval), MaxConns: c.maxConnections, Logger: logger,
	}
}

// loadSchema reads the schema; without one there are no tables.
func loadSchema(path string) (*schema.Schema, error) {
	if path == "" {
		return nil, nil
	}
	s, err := schema.Load(path)
	if err != nil {
		return nil, wrong("the schema is refused\n%w", err)
	}
	return s, nil
}
