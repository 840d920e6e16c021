package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// watch counts what is made or written below dir from now on, also what is gone again when
// one looks: the function that it gives ends it.
func watch(t testing.TB, dir string) (events func() int) {
	t.Helper()
	fd, err := unix.InotifyInit1(unix.IN_NONBLOCK | unix.IN_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		_, err = unix.InotifyAddWatch(fd, path, unix.IN_CREATE|unix.IN_MODIFY|unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO|unix.IN_DELETE|unix.IN_ATTRIB)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return func() int {
		defer unix.Close(fd)
		buf := make([]byte, 1<<16)
		n, err := unix.Read(fd, buf)
		if err == unix.EAGAIN {
			return 0
		}
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for off := 0; off+unix.SizeofInotifyEvent <= n; count++ {
			length := int(buf[off+12]) | int(buf[off+13])<<8
			off += unix.SizeofInotifyEvent + length
		}
		return count
	}
}

// The watch itself sees a file that was made and removed at once.
func TestWatchSeesAPassingFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	events := watch(t, dir)
	path := filepath.Join(dir, "passing")
	if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if events() == 0 {
		t.Error("nothing was seen")
	}
}
