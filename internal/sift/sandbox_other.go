//go:build !linux

package sift

import (
	"errors"
	"os"
	"syscall"
)

func self() (string, error) { return os.Executable() }

func childAttr() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// confine knows no sandbox but that of Linux.
func confine() error { return errors.New("this system has neither landlock nor seccomp") }

func widen(*os.File) {}

func keepOpenFiles() {}
