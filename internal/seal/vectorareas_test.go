package seal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math/bits"
	"strconv"

	"kkachi/internal/cell"
)

const closed = "does not open"

// areas are the kinds of vectors that cell and seal run; spec/README.md describes their keys.
func areas() map[string]area {
	opening := map[string]string{}
	for _, name := range []string{
		"wrong key", "wrong role", "wrong newsroom", "wrong epoch", "wrong inbox", "wrong day", "wrong tag", "flipped bit",
		"low-order point", "non-canonical point", "half key", "unknown flag",
	} {
		opening[name] = closed
	}
	return map[string]area{
		"stamp":    {in: "cell accepted", out: "epoch zeros replay-key", run: runStamp},
		"fragment": {in: "fragment", out: "kind topic index count flags week thread key letter last-reply body", run: runFragment},
		"frame":    {in: "form slots? data", out: "day count desk serial", run: runFrame},
		"open":     {in: "newsroom epoch day-seed inbox-seed cell", out: "flag fragment day-key inbox-key layer", run: runOpen, coarse: opening},
		"words":    {in: "lang words newsroom?", out: "indices thread echo echo-word key-0 position", run: runWords},
		"chain":    {in: "key? from? to? claimed? present?", out: "key-to letter-key", run: runChain},
		"letter":   {in: "key fragments", out: "text partial", run: runLetter},
		"slot":     {in: "key day i slot", out: "tag kind index count reply ack-letter ack-bitmap body", run: runSlot, coarse: opening},
		"replies":  {in: "key-0 w0 day bulletin", out: "replies", run: runReplies},
		"note": {
			in: "form newsroom root? devices? signed today", out: "serial epoch day canaries", run: runNote,
			coarse: map[string]string{"wrong role": "bad signature"},
		},
		"address": {in: "address", out: "newsroom url", run: runAddress},
	}
}

// names gives the first name whose error err is.
func names(err error, pairs ...any) string {
	if err == nil {
		return ""
	}
	for i := 0; i < len(pairs); i += 2 {
		if errors.Is(err, pairs[i+1].(error)) {
			return pairs[i].(string)
		}
	}
	return "another failure: " + err.Error()
}

func cellFailure(err error) string {
	return names(err, "wrong size", cell.ErrSize, "wrong epoch", cell.ErrEpoch, "bad stamp", cell.ErrStamp, "cover", cell.ErrCover,
		"malformed fragment", cell.ErrFragment, "unsorted", cell.ErrSorted, "repeated tag", cell.ErrRepeated, "wrong format", cell.ErrFormat)
}

func runStamp(v *vector) (map[string]any, string) {
	c, err := cell.Parse(v.bytes("cell"))
	if err != nil {
		return nil, cellFailure(err)
	}
	var accepted [][2]uint32
	v.read("accepted", &accepted)
	for _, e := range accepted {
		if cell.Day(e[0]) != c.Epoch() {
			continue
		}
		if !c.Stamped(uint8(e[1])) {
			return nil, "bad stamp"
		}
		replay := c.ReplayKey()
		sum := sha256.Sum256(append(append(append([]byte(nil), c[0:4]...), c[12:]...), c[4:12]...))
		zeros := bits.LeadingZeros64(binary.BigEndian.Uint64(sum[:8]))
		return map[string]any{"epoch": c.Epoch(), "zeros": zeros, "replay-key": replay[:]}, ""
	}
	return nil, "wrong epoch"
}

func runFragment(v *vector) (map[string]any, string) {
	b := v.bytes("fragment")
	if len(b) != cell.FragmentSize {
		return nil, "wrong size"
	}
	f, err := cell.ParseFragment((*cell.Fragment)(b))
	if err != nil {
		return nil, cellFailure(err)
	}
	return map[string]any{
		"kind": f.Kind, "topic": f.Topic, "index": f.Index, "count": f.Count, "flags": f.Flags, "week": f.Week, "thread": f.Thread[:],
		"key": f.Key[:], "letter": f.Letter[:], "last-reply": f.LastReply[:], "body": f.Body,
	}, ""
}

func runFrame(v *vector) (map[string]any, string) {
	data := v.bytes("data")
	switch form := v.text("form"); form {
	case "bulletin":
		b, err := cell.ParseBulletin(data, int(v.num("slots")))
		return map[string]any{"count": b.Len()}, cellFailure(err)
	case "batch":
		day, recs, err := cell.ParseBatch(data)
		return map[string]any{"day": day, "count": len(recs)}, cellFailure(err)
	case "parcel":
		p, err := cell.ParseParcel(data)
		if err != nil {
			return nil, cellFailure(err)
		}
		return map[string]any{"day": p.Day, "desk": p.Desk, "count": len(p.Slots)}, ""
	case "now":
		n, err := cell.ParseNow(data)
		if err != nil {
			return nil, cellFailure(err)
		}
		return map[string]any{"serial": n.Serial, "count": n.Bulletin.Len()}, ""
	default:
		v.t.Fatalf("no form %q", form)
		return nil, ""
	}
}

func runOpen(v *vector) (map[string]any, string) {
	id, daySeed, inboxSeed := NewsroomID(v.array("newsroom")), HPKESeed(v.array("day-seed")), HPKESeed(v.array("inbox-seed"))
	c, err := cell.Parse(v.bytes("cell"))
	if err != nil {
		return nil, cellFailure(err)
	}
	flag, rec, ok := NewDayOpener(id, cell.Day(v.num("epoch")), &daySeed).Open(c)
	if !ok {
		return map[string]any{"layer": "outer"}, closed
	}
	f, ok := OpenRecord(id, &inboxSeed, rec)
	if !ok {
		return map[string]any{"layer": "inner"}, closed
	}
	return map[string]any{"flag": flag, "fragment": f[:], "day-key": daySeed.Public()[:], "inbox-key": inboxSeed.Public()[:]}, ""
}

func runWords(v *vector) (map[string]any, string) {
	lang := Lang(v.text("lang"))
	w, err := ParseWords(lang, v.text("words"))
	if err != nil {
		out := map[string]any{}
		var we *WordError
		if errors.As(err, &we) {
			out["position"] = we.Position
		}
		return out, names(err, "bad word", ErrWord, "word count", ErrWordCount, "no such language", ErrLang)
	}
	out := map[string]any{"indices": w}
	if v.has("newsroom") {
		c := w.Open(v.array("newsroom"))
		thread, key := c.Thread(), c.Key(0)
		out["thread"], out["key-0"], out["echo"], out["echo-word"] = thread[:], key[:], c.EchoIndex(), c.Echo(lang)
	}
	return out, ""
}

func runChain(v *vector) (map[string]any, string) {
	if v.has("claimed") {
		return nil, names(CheckWeek(cell.Week(v.num("claimed")), cell.Week(v.num("present"))), "wrong week", ErrWeek)
	}
	k := WeekKey(v.array("key"))
	to, err := Step(k, cell.Week(v.num("from")), cell.Week(v.num("to")))
	letter := k.LetterKey()
	return map[string]any{"key-to": to[:], "letter-key": letter[:]}, names(err, "wrong week", ErrWeek)
}

func runLetter(v *vector) (map[string]any, string) {
	var fragments []string
	v.read("fragments", &fragments)
	j := NewJoiner(WeekKey(v.array("key")).LetterKey())
	failure := func(err error) string {
		return names(err, "mixed letters", ErrMixed, "incomplete", ErrIncomplete, "letter id", ErrLetterID, "inflate", ErrInflate,
			"not UTF-8", ErrUTF8, "malformed fragment", cell.ErrFragment, "cover", cell.ErrCover)
	}
	for _, s := range fragments {
		b := pieces(v.t, s)
		if len(b) != cell.FragmentSize {
			return nil, "malformed fragment"
		}
		f, err := cell.ParseFragment((*cell.Fragment)(b))
		if err != nil {
			return nil, failure(err)
		}
		if err := j.Add(f); err != nil {
			return nil, failure(err)
		}
	}
	l, err := j.Letter()
	if err != nil {
		return map[string]any{"partial": j.Partial()}, failure(err)
	}
	return map[string]any{"text": l.Text}, ""
}

func runSlot(v *vector) (map[string]any, string) {
	b := v.bytes("slot")
	if len(b) != cell.SlotSize {
		return nil, "wrong size"
	}
	k, day, i := WeekKey(v.array("key")), cell.Day(v.num("day")), uint8(v.num("i"))
	tag := SlotTag(k, day, i)
	p, ok := OpenSlot(k, day, i, (*cell.Slot)(b))
	if !ok {
		// A malformed slot is one that AES-GCM opens and the layout refuses.
		s := (*cell.Slot)(b)
		if _, err := slotAEAD(k, day, i).Open(nil, s.Nonce(), s.Ciphertext(), tag[:]); err == nil && s.Tag() == tag {
			return nil, "malformed slot"
		}
		return nil, closed
	}
	return map[string]any{
		"tag": tag[:], "kind": p.Kind, "index": p.Index, "count": p.Count, "reply": p.Reply[:], "ack-letter": p.Ack.Letter[:],
		"ack-bitmap": strconv.FormatUint(p.Ack.Bitmap, 10), "body": p.Body,
	}, ""
}

func runReplies(v *vector) (map[string]any, string) {
	c := &Conversation{k0: WeekKey(v.array("key-0"))}
	raw := v.bytes("bulletin")
	b, err := cell.ParseBulletin(raw, len(raw)/cell.SlotSize)
	if err != nil {
		return nil, cellFailure(err)
	}
	list := []map[string]any{}
	for _, r := range c.FindReplies(b, cell.Day(v.num("day")), uint32(v.num("w0"))) {
		list = append(list, replyRow(r))
	}
	return map[string]any{"replies": list}, ""
}

func replyRow(r Reply) map[string]any {
	return map[string]any{"id": r.ID.String(), "kind": r.Kind, "day": r.Day, "complete": r.Complete, "body": hex.EncodeToString(r.Body)}
}

func runNote(v *vector) (map[string]any, string) {
	failure := func(err error) string {
		return names(err, "expired", ErrExpired, "bad signature", ErrSignature, "bad signature", ErrRole, "wrong newsroom", ErrNewsroom,
			"malformed note", ErrNoteFormat, "digest", ErrHash)
	}
	id, today, signed := NewsroomID(v.array("newsroom")), cell.Day(v.num("today")), []byte(v.text("signed"))
	form := v.text("form")
	switch form {
	case "notes":
		n, err := VerifyNotes(signed, id, today)
		if err != nil {
			return nil, failure(err)
		}
		epoch, _, _ := n.DayKey()
		return map[string]any{"serial": n.Sift.Serial, "epoch": epoch}, ""
	case "root":
		n, err := ParseRoot(signed, id, today)
		if err != nil {
			return nil, failure(err)
		}
		return map[string]any{"serial": n.Serial}, ""
	}
	root, err := ParseRoot([]byte(v.text("root")), id, 0)
	if err != nil {
		return nil, "root: " + failure(err)
	}
	var serial uint64
	switch form {
	case "desk":
		var n *DeskNote
		if n, err = ParseDesk(signed, root, today); err == nil {
			serial = n.Serial
		}
	case "sift":
		var n *SiftNote
		if n, err = ParseSift(signed, root, today); err == nil {
			serial = n.Serial
		}
	case "devices":
		var n *DevicesNote
		if n, err = ParseDevices(signed, root, today); err == nil {
			serial = n.Serial
		}
	case "site":
		var n *SiteNote
		if n, err = ParseSite(signed, root); err == nil {
			serial = n.Serial
		}
	case "hold", "free":
		return runHeld(v, form, root, signed, failure)
	default:
		v.t.Fatalf("no form %q", form)
	}
	return map[string]any{"serial": serial}, failure(err)
}

// runHeld reads the notes about a held day, which have no serial.
func runHeld(v *vector, form string, root *RootNote, signed []byte, failure func(error) string) (map[string]any, string) {
	if form == "hold" {
		n, err := ParseHold(signed, root)
		if err != nil {
			return nil, failure(err)
		}
		return map[string]any{"day": n.Day, "canaries": n.Canaries}, ""
	}
	devices, err := ParseDevices([]byte(v.text("devices")), root, cell.Day(v.num("today")))
	if err != nil {
		return nil, "devices: " + failure(err)
	}
	n, err := ParseFree(signed, devices)
	if err != nil {
		return nil, failure(err)
	}
	return map[string]any{"day": n.Day}, ""
}

func runAddress(v *vector) (map[string]any, string) {
	a, err := ParseAddress(v.text("address"))
	return map[string]any{"newsroom": a.ID[:], "url": a.URL}, names(err, "bad address", ErrAddress)
}
