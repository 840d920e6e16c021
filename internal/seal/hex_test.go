package seal

import "encoding/hex"

// unhex reads a constant of the tests.
func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
