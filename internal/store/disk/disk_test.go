package disk_test

import (
	"crypto/rand"
	"testing"

	"go.uber.org/goleak"

	"kkachi/internal/store"
	"kkachi/internal/store/disk"
	"kkachi/internal/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) func() store.Store {
		dir := t.TempDir()
		var s *disk.Store
		end := func() {
			if s != nil {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		}
		t.Cleanup(end)
		return func() store.Store {
			end()
			s = openDir(t, dir, storetest.Quota)
			return s
		}
	})
}

func openDir(t testing.TB, dir string, quota int) *disk.Store {
	t.Helper()
	s, err := disk.Open(dir, disk.Options{Quota: quota, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
