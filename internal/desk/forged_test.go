package desk

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"testing"

	"filippo.io/age"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// A host knows the recipients of a batch, for they stand in the devices note. It can seal a
// batch of dummies to them; the desk does not take it for the sift's, and says so.
func TestP14ForgedBatchIsRefused(t *testing.T) {
	r := newRoom(t)
	_, err := r.desk.Sync(t.Context()) // brings the notes
	must(t, err)
	dummy, err := seal.NewDummy(rand.Reader, r.nid, r.inboxKey())
	must(t, err)
	plain, err := cell.MarshalBatch(r.today, []cell.Record{*dummy})
	must(t, err)
	to, err := age.ParseHybridRecipient(r.pub.Recipient)
	must(t, err)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, to)
	must(t, err)
	_, err = w.Write(append(plain, make([]byte, seal.BatchSignatureSize)...))
	must(t, err)
	must(t, w.Close())
	r.host.objects[fmt.Sprintf("batch/%d", r.today)] = out.Bytes()
	report, err := r.desk.Sync(t.Context())
	if report.Batches != 0 || err == nil {
		t.Errorf("%d batches were read, %v", report.Batches, err)
	}
}
