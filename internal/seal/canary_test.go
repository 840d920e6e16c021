package seal

import (
	"crypto/rand"
	"errors"
	"testing"

	"kkachi/internal/cell"
)

// A canary is known by the key of its epoch, and by no other; no cover and no letter is.
func TestCanary(t *testing.T) {
	k, err := NewCanaryKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	seed, _ := NewHPKESeed(rand.Reader)
	inbox, _ := NewHPKESeed(rand.Reader)
	id := NewsroomID{1}
	const epoch = cell.Day(20000)
	c, err := SealCanaryCell(rand.Reader, id, epoch, seed.Public(), inbox.Public(), k.Day(epoch))
	if err != nil {
		t.Fatal(err)
	}
	o := NewDayOpener(id, epoch, &seed)
	flag, rec, ok := o.Open(c)
	if !ok || flag != FlagCanary || !k.Day(epoch).Marked(rec) {
		t.Fatalf("flag %d, %v: the canary is not known", flag, ok)
	}
	if k.Day(epoch + 1).Marked(rec) {
		t.Error("known under the key of another epoch")
	}
	rec[7] ^= 1
	if k.Day(epoch).Marked(rec) {
		t.Error("known with a bit changed")
	}
	cover, err := SealCoverCell(rand.Reader, id, epoch, seed.Public(), inbox.Public())
	if err != nil {
		t.Fatal(err)
	}
	if _, rec, _ := o.Open(cover); k.Day(epoch).Marked(rec) {
		t.Error("a cover is known as a canary")
	}
}

func TestCanaryKeyText(t *testing.T) {
	k, _ := NewCanaryKey(rand.Reader)
	if got, err := ParseCanaryKey(k.Text()); err != nil || got != k {
		t.Errorf("%v", err)
	}
	for _, s := range []string{"", k.Text()[3:], k.Text()[:40], k.Text() + "00", "kkachi-canary-1:zz"} {
		if _, err := ParseCanaryKey(s); !errors.Is(err, ErrKey) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
