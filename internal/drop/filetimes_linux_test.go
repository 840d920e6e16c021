package drop_test

import (
	"io/fs"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kkachi/internal/cell"
)

// P7: no file or folder of the host tells a time, whatever was done and when.
func TestP7FileTimesAreFixed(t *testing.T) {
	s := play(t)
	ctx := t.Context()
	for d := range cell.Day(3) {
		s.set((first + d).Time().Add(time.Duration(rand.IntN(86400)) * time.Second))
		s.must(s.sift.PutNow(ctx, newNow(first+d, 0)))
		s.must(s.publish(uint64(d)+1, map[string]string{"index.html": strings.Repeat("x", int(d)+1)}))
		s.must(s.host.Tick(ctx))
		s.must(s.anyone.PostCell(ctx, newCell(first+d)))
		s.ask("GET", "/", nil, nil)
		days, err := s.sift.Days(ctx)
		s.must(err)
		for _, day := range days {
			s.readDay(day)
			s.must(s.sift.PutObject(ctx, "batch/"+itoa(day), []byte("b")))
			if _, err := s.desk.GetObject(ctx, "batch/"+itoa(day)); err != nil {
				t.Fatal(err)
			}
			if day == first {
				s.must(s.sift.AckDay(ctx, day))
			}
		}
		files := 0
		s.must(filepath.WalkDir(s.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || path == s.dir {
				return err
			}
			files++
			info, err := e.Info()
			if err != nil {
				return err
			}
			atime := info.Sys().(*syscall.Stat_t).Atim
			if m := info.ModTime(); m.Unix() != 0 || m.Nanosecond() != 0 {
				t.Errorf("day %d: %s was modified at %v", d, e.Name(), m)
			}
			if !e.IsDir() && (atime.Sec != 0 || atime.Nsec != 0) { // a folder's is this walk's own
				t.Errorf("day %d: %s was read at %v", d, e.Name(), atime)
			}
			return nil
		}))
		if files < 8 {
			t.Fatalf("only %d files seen", files)
		}
	}
}
