package peer

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
)

// Mosquitto is the mosquitto of this machine, without limits and without
// persistence, which is how it is fastest. transport is one of [dialMQTT], with a client
// of ours, or "ws paho", with the usual one.
func Mosquitto(transport string) Peer {
	return Peer{
		Name: "mosquitto " + transport,
		Version: func() string {
			binary, err := mosquitto()
			if err != nil {
				return ""
			}
			said, _ := exec.Command(binary, "-h").Output()
			return string(regexp.MustCompile(`[0-9]+\.[0-9.]+`).Find(said))
		},
		Start: func(ctx context.Context) (Broker, error) { return startMosquitto(ctx, transport) },
	}
}

// mosquitto finds the program; Debian puts it where not everybody looks.
func mosquitto() (string, error) {
	for _, name := range []string{"mosquitto", "/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("mosquitto is %w: apt-get install mosquitto", ErrMissing)
}

type mosquittoBroker struct {
	*process
	transport, addr string
	clients         atomic.Int64
}

func startMosquitto(ctx context.Context, transport string) (Broker, error) {
	binary, err := mosquitto()
	if err != nil {
		return nil, err
	}
	tcp, err := freeAddr()
	if err != nil {
		return nil, err
	}
	ws, err := freeAddr()
	if err != nil {
		return nil, err
	}
	addr := tcp
	if transport != "tcp" {
		addr = ws
	}
	p, err := start(ctx, addr, func(dir string) (*exec.Cmd, error) {
		// It does not start with listeners for WebSocket alone.
		config := listener(tcp, "mqtt") + listener(ws, "websockets") +
			"allow_anonymous true\npersistence false\nmax_inflight_messages 0\nmax_queued_messages 0\nset_tcp_nodelay true\nlog_type error\n"
		file := filepath.Join(dir, "mosquitto.conf")
		if err := os.WriteFile(file, []byte(config), 0o644); err != nil {
			return nil, err
		}
		return exec.Command(binary, "-c", file), nil
	})
	if err != nil {
		return nil, err
	}
	return &mosquittoBroker{process: p, transport: transport, addr: addr}, nil
}

// Dial connects a client of ours, see [mqttClient], or Paho.
func (b *mosquittoBroker) Dial(ctx context.Context) (Client, error) {
	id := fmt.Sprintf("bench%d", b.clients.Add(1))
	if b.transport == "ws paho" {
		return dialPaho(ctx, "ws://"+b.addr+"/mqtt", id)
	}
	conn, err := dialMQTT(ctx, b.transport, b.addr)
	if err != nil {
		return nil, err
	}
	return greet(conn, id)
}

func listener(addr, protocol string) string {
	host, port, _ := net.SplitHostPort(addr)
	return fmt.Sprintf("listener %s %s\nprotocol %s\n", port, host, protocol)
}
