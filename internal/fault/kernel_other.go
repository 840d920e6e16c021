//go:build !linux

package fault

import "testing"

// Watch skips the test: only Linux lets a process hold up its own system calls.
func (s *Steps) Watch(t testing.TB, _ string) {
	t.Helper()
	t.Skip("only Linux lets a process hold up its own system calls")
}
