package main

import (
	"encoding/hex"
	"errors"

	"kkachi/page"
)

type pageCmd struct {
	Hash   pageHashCmd   `cmd:"" help:"Print the digest of the script that this program prints into sites."`
	Verify pageVerifyCmd `cmd:"" help:"Fetch a site as a reader would, and name what differs from what the newsroom has signed."`
}

type pageHashCmd struct{}

// Help is shown by --help.
func (*pageHashCmd) Help() string {
	return `Prints the SHA-256 of the reader's script, page/page.js of each site that this program prints. Reads and writes nothing, and needs no network. The editor in chief names it in the root note, so that whoever checks a site can tell another script from it.

It follows from source: with the npm packages of the lock file, make page builds page/dist/page.js anew, and a test holds that nothing changes.

Example:

    kkachi page hash
    kkachi root sign mynews --engine "$(kkachi page hash)"`
}

// Run prints the digest.
func (*pageHashCmd) Run(w *world) error {
	sum := page.Digest()
	w.say("%s", hex.EncodeToString(sum[:]))
	return nil
}

// parseDigest reads 64 lower-case hex digits.
func parseDigest(s string) (sum [32]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(sum) || hex.EncodeToString(b) != s {
		return sum, errors.New("a digest has 64 lower-case hex digits")
	}
	return [32]byte(b), nil
}
