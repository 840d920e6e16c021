package disk

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"kkachi/internal/store"
)

// All objects stand in one folder: "~" is in no name, so a name is never also a folder.

func (s *Store) objectPath(name string) (string, error) {
	if err := store.CheckName(name); err != nil {
		return "", err
	}
	return filepath.Join(s.dir, objectsDir, strings.ReplaceAll(name, "/", "~")), nil
}

// PutObject implements store.Store. The bytes are durable under a temporary name before they
// are linked to their own, and link refuses a name that is taken: of two writers, one wins.
func (s *Store) PutObject(ctx context.Context, name string, data []byte) error {
	path, err := s.objectPath(name)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	temp, err := s.writeTemp(objectsDir, data)
	if err != nil {
		return err
	}
	s.objects.Lock()
	defer s.objects.Unlock()
	err = s.sys.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		err = s.sameBytes(path, name, data)
	} else if err != nil {
		err = fmt.Errorf("store: object %s: %w", name, err)
	}
	if rerr := s.sys.Remove(temp); err == nil && rerr != nil {
		err = fmt.Errorf("store: object %s: %w", name, rerr)
	}
	if err != nil {
		return err
	}
	// Also when the same bytes stood there already: their writer may have died before this.
	return s.syncDir(filepath.Join(s.dir, objectsDir))
}

func (s *Store) sameBytes(path, name string, data []byte) error {
	old, err := s.readQuietly(path)
	if err != nil {
		return notFound(err, "object "+name)
	}
	if !bytes.Equal(old, data) {
		return fmt.Errorf("%w: %s", store.ErrConflict, name)
	}
	return s.sys.Still(path)
}

// GetObject implements store.Store.
func (s *Store) GetObject(ctx context.Context, name string) ([]byte, error) {
	f, err := s.OpenObject(ctx, name)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("store: object %s: %w", name, err)
	}
	return data, nil
}

// OpenObject implements store.Store.
func (s *Store) OpenObject(ctx context.Context, name string) (io.ReadSeekCloser, error) {
	path, err := s.objectPath(name)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.openQuietly(path)
	if err != nil {
		return nil, notFound(err, "object "+name)
	}
	return f, nil
}

// ListObjects implements store.Store.
func (s *Store) ListObjects(ctx context.Context, prefix string) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := s.listQuietly(filepath.Join(s.dir, objectsDir))
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	var names []string
	for _, e := range entries {
		name := strings.ReplaceAll(e.Name(), "~", "/")
		if strings.HasPrefix(name, prefix) && store.CheckName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// DeleteObject implements store.Store.
func (s *Store) DeleteObject(ctx context.Context, name string) error {
	path, err := s.objectPath(name)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.objects.Lock()
	defer s.objects.Unlock()
	if err := s.sys.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store: object %s: %w", name, err)
	}
	return s.syncDir(filepath.Join(s.dir, objectsDir))
}

func (s *Store) currentPath(name string) (string, error) {
	if err := store.CheckName(name); err != nil {
		return "", err
	}
	return filepath.Join(s.dir, currentDir, strings.ReplaceAll(name, "/", "~")), nil
}

// Switch implements store.Store.
func (s *Store) Switch(ctx context.Context, name string, serial uint64, data []byte) error {
	path, err := s.currentPath(name)
	if err != nil {
		return err
	}
	s.current.Lock()
	defer s.current.Unlock()
	old, have, err := s.Current(ctx, name)
	switch {
	case errors.Is(err, store.ErrNotFound):
	case err != nil:
		return err
	case serial < old:
		return fmt.Errorf("%w: %s", store.ErrSerial, name)
	case serial == old && !bytes.Equal(have, data):
		return fmt.Errorf("%w: %s", store.ErrConflict, name)
	case serial == old:
		return s.syncDir(filepath.Join(s.dir, currentDir))
	}
	temp, err := s.writeTemp(currentDir, append(binary.BigEndian.AppendUint64(nil, serial), data...))
	if err != nil {
		return err
	}
	if err := s.sys.Rename(temp, path); err != nil {
		return fmt.Errorf("store: switching %s: %w", name, errors.Join(err, s.sys.Remove(temp)))
	}
	return s.syncDir(filepath.Join(s.dir, currentDir))
}

// Current implements store.Store.
func (s *Store) Current(ctx context.Context, name string) (uint64, []byte, error) {
	path, err := s.currentPath(name)
	if err != nil {
		return 0, nil, err
	}
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	data, err := s.readQuietly(path)
	if err != nil {
		return 0, nil, notFound(err, "current "+name)
	}
	if len(data) < 8 {
		return 0, nil, fmt.Errorf("store: current %s: the file is cut: %d bytes; put a new value", name, len(data))
	}
	return binary.BigEndian.Uint64(data), data[8:], nil
}
