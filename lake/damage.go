package lake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// mostAside is how many damaged files may lie beside the lake before it is left as
// it is: a disk that damages each new file would go on for ever.
const mostAside = 10

// examine lets DuckDB open the file elsewhere first, since it may end the process
// that opens a damaged one. What is damaged is set aside under another name: the
// write-ahead log alone when the file is whole without it, else both.
func (l *Lake) examine(ctx context.Context) error {
	path := l.opts.Path
	if inMemory(path) {
		return nil
	}
	wals, err := walsOf(path)
	if err != nil {
		return err
	}
	switch _, err := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		if len(wals) == 0 {
			return nil
		}
		return l.setAside(wals, errors.New("a write-ahead log without its file"))
	case err != nil:
		return err
	}
	found := l.opts.Probe(ctx, path, l.suspect)
	if !errors.Is(found, ErrDamaged) {
		l.suspect = l.suspect && found != nil
		return found
	}
	if len(wals) > 0 {
		if err := l.setAside(wals, found); err != nil {
			return err
		}
		if found = l.opts.Probe(ctx, path, l.suspect); !errors.Is(found, ErrDamaged) {
			return found
		}
	}
	if err := l.setAside([]string{path}, found); err != nil {
		return err
	}
	l.suspect = false
	return nil
}

// walsOf returns the names of DuckDB's write-ahead logs of a file: there is more
// than one when a checkpoint was cut short.
func walsOf(path string) ([]string, error) { return beside(path, ".wal") }

// SetAside returns the damaged files that lie beside the lake at path, oldest
// first.
func SetAside(path string) ([]string, error) { return beside(path, asideSuffix) }

const asideSuffix = ".damaged-"

func beside(path, suffix string) (found []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), filepath.Base(path)+suffix) {
			found = append(found, filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	slices.Sort(found)
	return found, err
}

// setAside gives files another name, and remembers that the tables have to be made
// anew from the log.
func (l *Lake) setAside(files []string, why error) error {
	path := l.opts.Path
	there, err := SetAside(path)
	if err != nil {
		return err
	}
	if len(there) >= mostAside {
		return fmt.Errorf("it is damaged (%w), and so were %d files before it; look after the disk, and move %s* away", why, len(there), path+asideSuffix)
	}
	aside := path + asideSuffix + time.Now().UTC().Format("20060102T150405.000Z")
	for _, file := range files {
		to := aside + strings.TrimPrefix(file, path)
		if err := os.Rename(file, to); err != nil {
			return fmt.Errorf("failed to set a damaged file aside: %w", err)
		}
		l.opts.Logger.Error("the lake is damaged and set aside; what the log has of it is stored anew",
			"file", filepath.Base(file), "as", to, "damage", plainError(why))
	}
	l.rebuilding = true
	l.rebuilt.Store(0)
	return nil
}

// rebuild takes note of messages stored after a file was set aside.
func (l *Lake) rebuild(messages int) {
	if l.rebuilding {
		l.rebuilt.Add(uint64(messages))
	}
}

// endRebuild ends a rebuild when the reader has come to the end of the log.
func (l *Lake) endRebuild() {
	if l.rebuilding {
		l.rebuilding = false
		l.opts.Logger.Warn("the lake was rebuilt as far as the log reaches", "messages", l.rebuilt.Load(), "position", l.progress.at())
	}
}

// Damage says what the operator should know of damage to the file, "" when there
// is nothing: that damaged files were set aside and still lie there, or that a
// query met a damaged part of the file that is open.
func (l *Lake) Damage() string {
	var told []string
	if err := l.damaged.Load(); err != nil {
		told = append(told, fmt.Sprintf("a part of the lake's file is damaged, and queries that need it fail: %s", plainError(*err)))
	}
	if inMemory(l.opts.Path) {
		return strings.Join(told, "; ")
	}
	if files, err := SetAside(l.opts.Path); err == nil && len(files) > 0 {
		text := fmt.Sprintf("damaged, set aside as %s", strings.Join(files, ", "))
		if n := l.rebuilt.Load(); n > 0 {
			text += fmt.Sprintf(", and rebuilt from %d messages of the log", n)
		}
		told = append(told, text+"; move it away when it is no longer wanted")
	}
	return strings.Join(told, "; ")
}

// noticed takes note of what an error of DuckDB says of the file, and returns what
// a caller gets to know.
func (l *Lake) noticed(err error) error {
	if err == nil {
		return nil
	}
	if broken(err) {
		l.broken.Store(true)
		l.kick()
	}
	if corrupt(err) {
		l.damaged.Store(&err)
		return exception("a part of the lake's file is damaged: %s", plainError(err))
	}
	return err
}
