package main

import (
	"crypto/rand"
	"testing"
	"time"

	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// P9: whoever has the press's token can put a site of the greatest serial at the host, signed
// by nobody. It does not come into the vault: at a host that is laid out anew the desk's count goes on.
func TestP9ForeignSiteSerialIsNotTakenOver(t *testing.T) {
	t.Parallel()
	key, err := vault.Passphrase([]byte("a passphrase"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := vault.Create(t.TempDir(), key, nil, vault.Options{Now: time.Now, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	for _, c := range []struct{ present, want uint64 }{{6, 7}, {seal.MaxSerial, 0}, {seal.MaxSerial - 1, 0}, {0, 8}, {7, 9}} {
		got, err := siteSerial(v, c.present)
		if got != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("above %d: %d, %v; want %d", c.present, got, err, c.want)
		}
	}
}
