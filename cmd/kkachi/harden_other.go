//go:build !linux

package main

// harden does nothing where the calls that it needs do not exist: doc/operator.md says that
// roles run on Linux.
func harden(bool) {}
