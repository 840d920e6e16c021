//go:build !linux

package press

// exchange puts fresh in the place of dst.
func exchange(fresh, dst string) error { return replace(fresh, dst) }
