package desk

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/lang"
	"kkachi/internal/release"
	"kkachi/internal/seal"
	"kkachi/internal/vault"
)

// An override by two covers the words for which its reason was given, and no others.
func TestOverrideIsBoundToTheWords(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	s := p.draftStory()
	s.Paragraphs[0].Sentences[0].Level.Place = 4
	s.Names.Province = lang.Words{KO: "랴오닝성", EN: "Liaoning", ZH: "辽宁省"}
	s.Names.City = lang.Words{KO: "단둥", EN: "Dandong", ZH: "丹东"}
	id := p.newStory(t, s)
	for _, n := range []string{"ayla", "boram"} {
		_, err := p.desk.Override(ctx, id, n, pass(n), "vital")
		must(t, err)
	}
	v, err := p.desk.Story(ctx, id)
	must(t, err)
	if v.Verdict != Pass {
		t.Fatalf("overridden by two, and still %s: %+v", v.Verdict, v.Findings)
	}
	s.Names.City = lang.Words{KO: "창바이", EN: "Changbai", ZH: "长白"}
	s.Names.Province = lang.Words{KO: "지린성", EN: "Jilin", ZH: "吉林省"}
	_, err = p.desk.SetStory(ctx, id, s)
	must(t, err)
	if v, err = p.desk.Story(ctx, id); err != nil || v.Verdict == Pass {
		t.Errorf("another place is named under the same override, %v", err)
	}
}

// Whoever holds the vault's passphrase alone can write a release, but press takes none whose
// approvers stand in no note that the root signed.
func TestForgedReleaseIsNotHandedOut(t *testing.T) {
	ctx := t.Context()
	p := newPlay(t)
	id := p.newStory(t, p.draftStory())
	v, err := p.desk.judged(ctx, id)
	must(t, err)
	r, err := build(v, release.ID(id), 1, p.today)
	must(t, err)
	data, err := r.Encode()
	must(t, err)
	digest := release.DigestOf(data)
	_, root, err := p.desk.root()
	must(t, err)
	_, devices, err := p.desk.devices(0)
	must(t, err)
	rel := released{Digest: digest[:], Serial: 1, Printed: p.today, Root: root, Devices: devices}
	for _, n := range []release.Approver{"ayla", "boram"} {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		must(t, err)
		a, err := release.Approve(n, key, digest)
		must(t, err)
		rel.Approvals = append(rel.Approvals, a)
	}
	sum, _, err := p.desk.v.PutBlob(ctx, vault.Thing(id), bytes.NewReader(data))
	must(t, err)
	rel.Release = sum[:]
	_, err = p.desk.append1(ctx, opRelease, id, id, rel)
	must(t, err)
	if ex, err := p.desk.Exports(ctx); err == nil {
		t.Errorf("%d stories of made-up approvers are handed to press", len(ex))
	}
}

// A thread of which nothing whole came leaves no key once its parts have ended, and its
// handle blocks no phrase; one whole letter makes both last.
func TestThreadsWithoutALetterEnd(t *testing.T) {
	ctx := t.Context()
	r := newRoom(t)
	r.sync()
	convs := []*seal.Conversation{r.conversation(), r.conversation()}
	var recs []cell.Record
	for _, c := range convs {
		recs = append(recs, r.records(c, seal.Letter{Text: []byte(noiseText(5000))})[:1]...)
	}
	r.batch(r.today, recs...)
	r.today++
	r.sync()
	rows, err := r.desk.Inbox(ctx)
	must(t, err)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	s := &Story{Editions: map[Lang]EditionText{"en": {Headline: "By the " + rows[0].Handle + " and the " + rows[1].Handle}}}
	if found, err := r.desk.handlesIn(ctx, s, nil); err != nil || len(found) != 0 {
		t.Errorf("%v %v", found, err)
	}
	r.send(convs[1], seal.Letter{Text: []byte("whole")})
	if found, err := r.desk.handlesIn(ctx, s, nil); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
	r.today += 60
	r.signNotes()
	r.sync()
	if keys, err := r.desk.v.ListSecrets(secretThread); err != nil || len(keys) != 1 {
		t.Errorf("%d thread keys after 60 days, %v", len(keys), err)
	}
}

// A backup lets no ended inbox key live on.
func TestBackupKeepsNoEndedKey(t *testing.T) {
	r := newRoom(t)
	r.sync()
	for range 3 {
		r.today += 7
		r.signNotes()
		r.sync()
	}
	list, err := r.desk.v.ListSecrets("")
	must(t, err)
	keep := BackupKeeps(r.today)
	inboxes, others := 0, 0
	for _, s := range list {
		switch {
		case !keep(s):
		case len(s.Name) > len(secretInbox) && s.Name[:len(secretInbox)] == secretInbox:
			inboxes++
		default:
			others++
		}
	}
	if inboxes != 2 || others == 0 {
		t.Errorf("%d inbox keys and %d others of %d are kept", inboxes, others, len(list))
	}
}
