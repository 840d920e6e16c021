package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"filippo.io/age"

	"kkachi/internal/seal"
)

// A change file carries public keys from the machine that drew them to the stick that signs:
// text, a first line, then one key a line. It holds no secret.
const changeHead = "kkachi change 1"

// A change is a line of it.
type change struct {
	verb  string   // add: beside what stands; only: in place of all of its kind; name: in place of that name
	kind  string   // sift-key, desk-key, device, approver
	words []string // KEY, or NAME and KEY
}

func (c change) String() string { return c.verb + " " + c.kind + " " + strings.Join(c.words, " ") }

// besideOrOnly is the change for a signing key: in routine the former stays named until it is
// dropped; of a machine that was seized it goes at once.
func besideOrOnly(kind string, key seal.VerifyKey, seized bool) change {
	if seized {
		return change{"only", kind, []string{key.String()}}
	}
	return change{"add", kind, []string{key.String()}}
}

// writeChange writes a change file and says what is to be done with it.
func (w *world) writeChange(path string, changes ...change) error {
	var b strings.Builder
	b.WriteString(changeHead + "\n")
	for _, c := range changes {
		b.WriteString(c.String() + "\n")
	}
	if err := writeFile(path, []byte(b.String()), 0o644); err != nil {
		return bad(err, "name a file in a folder that exists with -o")
	}
	w.say("Carry %s to the stick: kkachi root sign DIR --change %s", path, filepath.Base(path))
	return nil
}

// readChange reads a change file. An error names the line.
func readChange(path string) ([]change, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, bad(err, "name the file that kkachi renew wrote")
	}
	lines := strings.Split(strings.TrimSuffix(string(raw), "\n"), "\n")
	if lines[0] != changeHead {
		return nil, bad(fmt.Errorf("%s: not a change file", path), "name the file that kkachi renew wrote")
	}
	var out []change
	for i, line := range lines[1:] {
		f := strings.Split(line, " ")
		ok := len(f) == 3 && (f[0] == "add" || f[0] == "only") && (f[1] == "sift-key" || f[1] == "desk-key") ||
			len(f) == 4 && f[0] == "name" && (f[1] == "device" || f[1] == "approver")
		if !ok {
			return nil, badf("%s: line %d: not a change", path, i+2)
		}
		out = append(out, change{f[0], f[1], f[2:]})
	}
	return out, nil
}

// apply puts a change into the notes that are to be signed.
func (c change) apply(p *pair) error {
	if c.kind == "device" {
		p.devices.Devices = slices.Clone(p.devices.Devices)
		put(&p.devices.Devices, seal.Device{Name: c.words[0], Recipient: c.words[1]}, func(d seal.Device) bool { return d.Name == c.words[0] })
		return nil
	}
	key, err := seal.ParseVerifyKey(c.words[len(c.words)-1])
	if err != nil {
		return fmt.Errorf("%s: %w", c.kind, err)
	}
	if c.kind == "approver" {
		p.devices.Approvers = slices.Clone(p.devices.Approvers)
		put(&p.devices.Approvers, seal.Approver{Name: c.words[0], Key: key}, func(a seal.Approver) bool { return a.Name == c.words[0] })
		return nil
	}
	list := &p.root.SiftKeys
	if c.kind == "desk-key" {
		list = &p.root.DeskKeys
	}
	*list = slices.Clone(*list)
	if c.verb == "only" {
		*list = nil
	}
	if !slices.Contains(*list, key) {
		*list = append(*list, key)
	}
	return nil
}

// put replaces the element that is meant, or adds one.
func put[T any](list *[]T, v T, meant func(T) bool) {
	if i := slices.IndexFunc(*list, meant); i >= 0 {
		(*list)[i] = v
		return
	}
	*list = append(*list, v)
}

// drop takes a signing key, a device or an approver out of the notes that are to be signed.
func (p *pair) drop(what string) error {
	before := len(p.root.SiftKeys) + len(p.root.DeskKeys) + len(p.devices.Devices) + len(p.devices.Approvers)
	isKey := func(k seal.VerifyKey) bool { return k.String() == what }
	p.root.SiftKeys = slices.DeleteFunc(slices.Clone(p.root.SiftKeys), isKey)
	p.root.DeskKeys = slices.DeleteFunc(slices.Clone(p.root.DeskKeys), isKey)
	p.devices.Devices = slices.DeleteFunc(slices.Clone(p.devices.Devices), func(d seal.Device) bool { return d.Name == what })
	p.devices.Approvers = slices.DeleteFunc(slices.Clone(p.devices.Approvers), func(a seal.Approver) bool { return a.Name == what })
	switch left := len(p.root.SiftKeys) + len(p.root.DeskKeys) + len(p.devices.Devices) + len(p.devices.Approvers); {
	case left == before:
		return bad(fmt.Errorf("--drop: neither a key nor a name of the last notes: %s", what), "kkachi root status names them")
	case left < before-1:
		return badf("--drop: %s is a device and an approver: name all of one kind with --device or --approver", what)
	}
	return nil
}

// errTooFew is a signing that would leave the newsroom unable to work.
var errTooFew = errors.New("the notes would name too few")

// enough refuses notes under which nothing could be published, read or approved: sift seals no
// batch to a recipient that is mistyped.
func (p *pair) enough() error {
	for _, k := range []struct {
		what  string
		n, at int
	}{
		{"sift keys", len(p.root.SiftKeys), 1},
		{"desk keys", len(p.root.DeskKeys), 1},
		{"devices", len(p.devices.Devices), 1},
		{"approvers", len(p.devices.Approvers), 2},
	} {
		if k.n < k.at {
			return bad(fmt.Errorf("%w %s: %d, where %d must stand", errTooFew, k.what, k.n, k.at), "name the others too")
		}
	}
	for _, d := range p.devices.Devices {
		if _, err := age.ParseHybridRecipient(d.Recipient); err != nil {
			return bad(fmt.Errorf("device %s: not a post-quantum age recipient, or mistyped", d.Name), "take it from the file that kkachi renew device wrote: --change FILE")
		}
	}
	return nil
}

// former says which signing keys stand beside a newer one, and what to do about it.
func (p *pair) former(dir string, desks int) (out []string) {
	for _, k := range []struct {
		what string
		keys []seal.VerifyKey
		need int
	}{{"sift", p.root.SiftKeys, 1}, {"desk", p.root.DeskKeys, desks}} {
		for i := range len(k.keys) - k.need {
			out = append(out, fmt.Sprintf("the %s key %s stands beside a newer one: once the desk has read the batches of two days, kkachi root sign %s --drop %s",
				k.what, k.keys[i], dir, k.keys[i]))
		}
	}
	return out
}
