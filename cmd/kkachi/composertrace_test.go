package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"kkachi/internal/demo"
)

// opened makes the composer's shadow tree one that a test can look into; the bundle is as it is.
const opened = `), ((attach) => { Element.prototype.attachShadow = function () { return attach.call(this, { mode: "open" }); } })(Element.prototype.attachShadow`

// driver is the file that drives the composer.
var driver = filepath.Join(pageTests, "compose.js")

// writesPage is a sitting in which a letter is written with new words, and leaves; it gives the words, the echo word last.
func writesPage(text string) string {
	return fmt.Sprintf(`(async () => {
		const c = compose;
		c.open();
		await c.step("Before you write");
		await c.press("Write for the first time");
		await c.step("Your eight words");
		const words = c.words();
		await c.press("I know them");
		await c.step("Now enter them");
		await c.pick(words);
		await c.step("The echo word");
		words.push(c.echo());
		await c.press("Go on");
		await c.step("Your letter");
		c.type(%q);
		await c.press("Send");
		await c.step("Where your letter is");
		await c.press("Read on");
		document.querySelector("footer a[href$='index.html']").click();
		await c.until(() => location.pathname.endsWith("/en/index.html"), "another page");
		c.open();
		await c.press("Where your letter is");
		await c.until(() => c.text().includes("All pieces have left"), "the letter on its way");
		return words;
	})()`, text)
}

// readsPage is a sitting in which the answer is read by known words; it gives what stands there.
func readsPage(words []string) string {
	return fmt.Sprintf(`(async () => {
		const c = compose;
		c.open();
		await c.press("I have eight words");
		await c.step("Your eight words");
		await c.pick(%s);
		await c.step("The echo word");
		const echo = c.echo();
		await c.press("Go on");
		await c.step("Your conversation");
		return [echo, c.text(), ...broken, ...touched];
	})()`, list(words))
}

// arrived waits until the page has its notes and bulletin, as a person would who reads first.
const arrived = `new Promise((f) => setTimeout(f, 900)).then(() => 0)`

// stay has a sitting in a browser with a profile on disk; gives the last result.
func stay(t *testing.T, browser, profile, end, url, settings string, files ...string) json.RawMessage {
	t.Helper()
	args := append([]string{filepath.Join(pageTests, "profile.mjs"), browser, profile, end, url, settings}, files...)
	cmd := exec.CommandContext(t.Context(), "node", args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, out, errs.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return json.RawMessage(lines[len(lines)-1])
}

// searchProfile searches each file of a profile as it is, after inflating at each offset where
// that is asked for, and a file of Firefox's sessions after decompressing. Tables of LevelDB
// compressed by Snappy are not decompressed. Gives what was found, and how much was searched.
func searchProfile(t *testing.T, profile string, inflate bool, texts map[string]string) (hits []demo.Hit, files, size int) {
	t.Helper()
	search := demo.NewSearch(texts, inflate)
	err := filepath.WalkDir(profile, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		files, size = files+1, size+len(data)
		name, _ := filepath.Rel(profile, path)
		hits = append(hits, search.Bytes(name, append([]byte(name+"\n"), data...))...)
		if plain, ok := mozLZ4(data); ok {
			hits = append(hits, search.Bytes(name+" decompressed", plain)...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return hits, files, size
}

// mozLZ4 decompresses a file of Firefox: a header, the size, one LZ4 block.
func mozLZ4(data []byte) ([]byte, bool) {
	body, ok := bytes.CutPrefix(data, []byte("mozLz40\x00"))
	if !ok || len(body) < 4 {
		return nil, false
	}
	want := int(binary.LittleEndian.Uint32(body))
	src, out := body[4:], make([]byte, 0, want)
	long := func(n int) int { // lengths of 15 go on in further bytes
		for n >= 15 && len(src) > 0 {
			b := src[0]
			src, n = src[1:], n+int(b)
			if b < 255 {
				break
			}
		}
		return n
	}
	for len(src) > 0 {
		token := src[0]
		src = src[1:]
		n := min(long(int(token>>4)), len(src))
		out, src = append(out, src[:n]...), src[n:]
		if len(src) < 2 {
			break
		}
		back := int(binary.LittleEndian.Uint16(src))
		src = src[2:]
		if back == 0 || back > len(out) {
			return out, false
		}
		for range long(int(token&15)) + 4 {
			out = append(out, out[len(out)-back])
		}
	}
	return out, len(out) == want
}

// After writing and reading, and closing or killing the browser, nothing that was written,
// read or entered stands anywhere in its profile, with session restore on. The same search
// finds what was typed into an ordinary field of an ordinary page, and the site's address.
func TestP5ProfileHoldsNothing(t *testing.T) { // P5
	r := pageSite(t, nil)
	const letter, reply, typed = "the convoy left before dawn, 새벽에 떠났습니다", "we have read about the convoy, 읽었습니다", "an ordinary sentence, 여느 문장"
	site, settings := r.proxy.URL+"/en/about.html", r.settings(0, false)+opened
	plant := script(t, fmt.Sprintf(`(() => {
		const text = document.createElement("textarea");
		text.id = "ordinary";
		document.body.append(text);
		text.focus();
		document.execCommand("insertText", false, %q);
		localStorage.setItem("ordinary", %q);
		return new Promise((f) => setTimeout(() => f(text.value), 999));
	})()`, typed, "kept: "+typed))
	letters := 0
	for _, browser := range []string{"chromium", "firefox"} {
		for _, end := range []string{"close", "kill"} {
			t.Run(browser+" "+end, func(t *testing.T) {
				profile := t.TempDir()
				var words []string
				raw := stay(t, browser, profile, end, site, settings, driver, script(t, arrived), script(t, writesPage(letter)))
				if err := json.Unmarshal(raw, &words); err != nil || len(words) != 9 {
					t.Fatalf("%s, %v", raw, err)
				}
				texts := map[string]string{"letter": letter, "begin of the letter": letter[:20], "echo and label": words[8] + "It belongs"}
				if letters++; letters == 1 {
					r.answer(reply, 1)
				}
				// A word alone is a word of the language; two in a row are the conversation's.
				for _, sep := range []string{" ", ",", "\n", `","`} {
					for i := range 7 {
						texts[fmt.Sprintf("words %d and %d by %q", i+1, i+2, sep)] = words[i] + sep + words[i+1]
					}
				}
				if letters == 1 {
					raw = stay(t, browser, profile, end, site, settings, driver, script(t, arrived), script(t, readsPage(words[:8])))
					if !strings.Contains(string(raw), reply) {
						t.Fatalf("the answer is not read: %s", raw)
					}
					texts["reply"], texts["begin of the reply"] = reply, reply[:20]
				}
				hits, files, size := searchProfile(t, profile, true, texts)
				for _, h := range hits {
					t.Errorf("found: %s", h)
				}
				t.Logf("%d files, %d bytes", files, size)
				if hits, _, _ := searchProfile(t, profile, false, map[string]string{"site": strings.TrimPrefix(r.proxy.URL, "http://")}); len(hits) == 0 {
					t.Error("not even the site's address is found: the profile was not written")
				}
				planted := t.TempDir()
				stay(t, browser, planted, end, site, r.settings(0, false), plant)
				found, _, _ := searchProfile(t, planted, false, map[string]string{"ordinary": typed})
				if len(found) == 0 {
					t.Error("what was typed into an ordinary field is not found: the search shows nothing")
				}
				for _, h := range found {
					t.Logf("planted: %s", h)
				}
			})
		}
	}
}
