package figure

import (
	"errors"
	"fmt"
	"os"
)

// Line adds a line of a table to the end of the file that an environment variable names, which
// is made if need be; without that it is printed, to be read.
func Line(variable, line string) error {
	path := os.Getenv(variable)
	if path == "" {
		fmt.Print(line)
		return nil
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(line)
	return errors.Join(err, f.Close())
}
