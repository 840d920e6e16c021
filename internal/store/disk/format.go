package disk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Format is the format of the folder that this program knows. A folder of format 1 has no file
// that says so; those of later formats must have one.
const Format = 1

const (
	formatFile = "format"
	formatHead = "kkachi host "
)

// CheckFormat refuses a folder of another format, before anything in it is changed: ErrNewer,
// or an error that names the file. A folder that isn't there is none.
func CheckFormat(dir string) error {
	path := filepath.Join(dir, formatFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("store: %w", err)
	}
	number, ok := strings.CutPrefix(strings.TrimSuffix(string(data), "\n"), formatHead)
	n, err := strconv.Atoi(number)
	switch {
	case !ok || err != nil || n < 1:
		return fmt.Errorf("store: %s says no format of a host's folder", path)
	case n > Format:
		return fmt.Errorf("%w: %s is of format %d, and this kkachi knows %d", ErrNewer, dir, n, Format)
	}
	return nil
}
