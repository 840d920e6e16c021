package sift

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"kkachi/internal/cell"
	"kkachi/internal/seal"
)

// heldDay runs the order of the day while something is held: it is never done.
func (w *world) heldDay(s *Sift) *Report {
	w.t.Helper()
	r, err := s.Day(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	if r.Done || len(r.Held) == 0 {
		w.t.Fatalf("done, or nothing is held: %+v", r)
	}
	return r
}

// signApprovers lets the root key name people who may approve, in a devices note of its own.
func (w *world) signApprovers(people map[string]ed25519.PrivateKey) {
	w.t.Helper()
	w.serial++
	n := &seal.DevicesNote{
		Newsroom: w.id, Serial: w.serial, Issued: w.today(), Expires: w.today() + seal.DevicesLife,
		Devices: []seal.Device{{Name: "desk", Recipient: w.device.Recipient().String()}},
	}
	for _, name := range []string{"ayla", "boram", "carol"} {
		if key := people[name]; key != nil {
			n.Approvers = append(n.Approvers, seal.Approver{Name: name, Key: seal.VerifyKey(key.Public().(ed25519.PublicKey))})
		}
	}
	w.put(fmt.Sprintf("note/devices/%d", w.serial), must(seal.SignDevices(n, w.root)))
}

// held makes a world with a day that is held, two letters in it.
func held(t *testing.T) (w *world, h *memHost, s *Sift, victim cell.Day, numbers []uint64, people map[string]ed25519.PrivateKey) {
	w = newWorld(t)
	h = w.withMemHost()
	w.cfg.Canaries, w.cfg.Isolation = CanariesLeast, InProcess
	s = w.create(t.TempDir())
	people = map[string]ed25519.PrivateKey{}
	for _, name := range []string{"ayla", "boram", "carol"} {
		_, key, err := ed25519.GenerateKey(rand.Reader)
		people[name] = must(key, err)
	}
	gone := people["carol"]
	w.signApprovers(people)
	delete(people, "carol")
	w.signApprovers(people) // carol has left
	people["carol"] = gone
	w.day(s)
	_, numbers = w.send(2, 3)
	w.sendCanaries(s, CanariesLeast-1)
	victim = w.today()
	w.turn(1)
	if r := w.heldDay(s); r.Held[0].Day != victim || len(r.Batches) != 0 {
		t.Fatalf("%+v", r)
	}
	return w, h, s, victim, numbers, people
}

func (w *world) freeNote(day cell.Day, people map[string]ed25519.PrivateKey, names ...string) []byte {
	w.t.Helper()
	var parts [][]byte
	for _, name := range names {
		parts = append(parts, must(seal.SignFree(&seal.FreeNote{Newsroom: w.id, Day: day}, name, people[name])))
	}
	return must(seal.JoinFree(parts...))
}

// Two approvers end a hold, on the day on which they say so; each letter stands once.
func TestP8TwoEditorsEndAHold(t *testing.T) {
	w, h, s, victim, numbers, people := held(t)
	w.put(fmt.Sprintf("note/free/%d", victim), w.freeNote(victim, people, "ayla", "boram"))
	r := w.day(s)
	if len(r.Freed) != 1 || r.Freed[0] != victim || len(r.Held) != 0 || len(r.Batches) != 1 || r.Batches[0] != victim || r.Carried != 0 {
		t.Fatalf("%+v", r)
	}
	w.wantOnce(numbers)
	if !h.acked[victim] {
		t.Error("the host still keeps the day")
	}
	if r = w.day(s); len(r.Batches) != 0 || len(r.Freed) != 0 {
		t.Errorf("a second time: %+v", r)
	}
}

// The desks learn of a hold from a note that sift signs, whose bytes never differ (P13).
func TestP13HoldNoteIsOne(t *testing.T) {
	w, h, s, victim, _, _ := held(t)
	name := fmt.Sprintf("note/hold/%d", victim)
	root := must(seal.ParseRoot(must(w.host.GetObject(t.Context(), "note/root/1")), w.id, w.today()))
	n, err := seal.ParseHold(must(w.host.GetObject(t.Context(), name)), root)
	if err != nil || n.Day != victim || n.Canaries != CanariesLeast-1 {
		t.Fatalf("%+v, %v", n, err)
	}
	delete(h.objects, name) // the host lost it
	w.heldDay(s)
	if len(h.attempts[name]) != 1 || h.objects[name] == nil {
		t.Errorf("put in %d forms", len(h.attempts[name]))
	}
	h.objects[name] = []byte("another life of this sift told it")
	if r := w.heldDay(s); len(r.Held) != 1 {
		t.Errorf("%+v", r)
	}
}

// What is not signed by two different approvers of today frees nothing, and holds up nothing.
func TestFalseFreeNotesFreeNothing(t *testing.T) {
	for name, make := range map[string]func(w *world, day cell.Day, people map[string]ed25519.PrivateKey) []byte{
		"one": func(w *world, day cell.Day, p map[string]ed25519.PrivateKey) []byte {
			return w.freeNote(day, p, "ayla")
		},
		"one twice": func(w *world, day cell.Day, p map[string]ed25519.PrivateKey) []byte {
			return w.freeNote(day, p, "ayla", "ayla")
		},
		"one who has left": func(w *world, day cell.Day, p map[string]ed25519.PrivateKey) []byte {
			return w.freeNote(day, p, "ayla", "carol")
		},
		"another day": func(w *world, day cell.Day, p map[string]ed25519.PrivateKey) []byte {
			return w.freeNote(day-1, p, "ayla", "boram")
		},
		"garbage": func(*world, cell.Day, map[string]ed25519.PrivateKey) []byte { return []byte("garbage") },
		"a key's own approval": func(w *world, day cell.Day, p map[string]ed25519.PrivateKey) []byte {
			return w.freeNote(day, map[string]ed25519.PrivateKey{"ayla": p["ayla"], "boram": p["ayla"]}, "ayla", "boram")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, s, victim, numbers, people := held(t)
			w.put(fmt.Sprintf("note/free/%d", victim), make(w, victim, people))
			r := w.heldDay(s)
			if len(r.Freed)+len(r.Batches) != 0 || !strings.Contains(strings.Join(r.Waiting, "\n"), "frees nothing") {
				t.Errorf("%+v", r)
			}
			for d := 1; d < HoldDays; d++ {
				w.sendCanaries(s, CanariesDaily)
				w.turn(1)
				w.heldDay(s)
			}
			w.sendCanaries(s, CanariesDaily)
			w.turn(1)
			w.day(s)
			w.wantOnce(numbers)
		})
	}
}
