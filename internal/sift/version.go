package sift

import (
	"bytes"
	"errors"
	"fmt"
)

// Errors of a state that another version of kkachi wrote. It is left as it is.
var (
	ErrNewer = errors.New("sift: written by a newer version of kkachi")
	ErrOlder = errors.New("sift: written by an older version of kkachi, which this one can't read")
)

// checkMagic tells a state of another version from one that is damaged.
func checkMagic(b []byte) error {
	const family = len(StateMagic) - 1 // all but the version's digit
	if len(b) < len(StateMagic) || !bytes.HasPrefix(b, []byte(StateMagic[:family])) || b[family] < '1' || b[family] > '9' {
		return fmt.Errorf("%w: %s is not the state of a sift", ErrState, stateFile)
	}
	switch is := string(b[:len(StateMagic)]); {
	case is > StateMagic:
		return fmt.Errorf("%w: %s is of version %s, and this kkachi knows %s", ErrNewer, stateFile, is, StateMagic)
	case is < StateMagic:
		return fmt.Errorf("%w: %s is of version %s, and this kkachi knows %s", ErrOlder, stateFile, is, StateMagic)
	}
	return nil
}
