package seal

import (
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"testing"

	"kkachi/internal/cell"
)

// P14: a batch is the sift's: nobody who merely knows the desks' recipients can make one, and
// no other role's key, newsroom or changed byte passes.
func TestP14BatchIsTheSifts(t *testing.T) {
	id := NewsroomID{7}
	key := func(r Role) *SigningKey {
		k, err := NewSigningKey(r, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	sift, other := key(RoleSift), key(RoleSift)
	batch, err := cell.MarshalBatch(20000, make([]cell.Record, 2))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := SignBatch(id, sift, batch)
	if err != nil {
		t.Fatal(err)
	}
	keys := []VerifyKey{other.Public(), sift.Public()}
	day, recs, err := OpenBatch(id, keys, signed)
	if err != nil || day != 20000 || len(recs) != 2 {
		t.Fatalf("day %d, %d records, %v", day, len(recs), err)
	}
	for _, r := range []Role{RoleRoot, RoleDesk} {
		if _, err := SignBatch(id, key(r), batch); !errors.Is(err, ErrRole) {
			t.Errorf("a %s key signs a batch: %v", r, err)
		}
	}
	// What is signed says that it is a batch: the key signs notes too.
	said := append([]byte("kkachi/1 batch\x00"), append(id[:], batch...)...)
	public := sift.Public()
	if !ed25519.Verify(public[:], said, signed[len(batch):]) {
		t.Error("the signature is over other bytes than label, newsroom and batch")
	}
	refused := map[string]func() ([]VerifyKey, NewsroomID, []byte){
		"unsigned":         func() ([]VerifyKey, NewsroomID, []byte) { return keys, id, batch },
		"another's key":    func() ([]VerifyKey, NewsroomID, []byte) { return keys[:1], id, signed },
		"no key":           func() ([]VerifyKey, NewsroomID, []byte) { return nil, id, signed },
		"another newsroom": func() ([]VerifyKey, NewsroomID, []byte) { return keys, NewsroomID{8}, signed },
		"a changed record": func() ([]VerifyKey, NewsroomID, []byte) {
			b := append([]byte(nil), signed...)
			b[cell.BatchHeaderSize] ^= 1
			return keys, id, b
		},
		"another day": func() ([]VerifyKey, NewsroomID, []byte) {
			b := append([]byte(nil), signed...)
			b[7] ^= 1
			return keys, id, b
		},
	}
	for name, make := range refused {
		k, n, b := make()
		if _, _, err := OpenBatch(n, k, b); !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, err := OpenBatch(id, keys, signed[:10]); !errors.Is(err, cell.ErrSize) {
		t.Errorf("ten bytes: %v", err)
	}
}
