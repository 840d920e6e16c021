package growth

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"
)

// processors is the time that processors have spent on this program, on its children that have
// ended, and on those that live: a sift opens in processes of its own.
func processors() (time.Duration, error) {
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			return 0, err
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return 0, err
	}
	for _, list := range lists {
		pids, _ := os.ReadFile(list) // a thread that has ended
		for _, pid := range bytes.Fields(pids) {
			stat, err := os.ReadFile(fmt.Sprintf("/proc/%s/stat", pid))
			if err != nil {
				continue // a child that has ended
			}
			// After the name in brackets come state, ten numbers, and user and system time in hundredths.
			fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
			for _, f := range fields[11:13] {
				n, err := strconv.Atoi(string(f))
				if err != nil {
					return 0, err
				}
				sum += time.Duration(n) * 10 * time.Millisecond
			}
		}
	}
	return sum, nil
}
