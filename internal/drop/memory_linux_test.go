package drop_test

import (
	"bufio"
	"bytes"
	"crypto/hpke"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const memoryHost = "KKACHI_TEST_MEMORY_HOST"

// TestP1HostProcess is the host that TestP1Memory searches, in a process of its own.
func TestP1HostProcess(t *testing.T) {
	if os.Getenv(memoryHost) == "" {
		t.Skip("run by TestP1Memory")
	}
	var waits atomic.Int64
	_, addr := bigHost(t, 12000, time.Millisecond, &waits)
	fmt.Printf("\nlistening %s\n", addr)
	planted := []byte("planted-" + os.Getenv(memoryHost)) // what the search must find
	_, _ = io.ReadAll(os.Stdin)
	if len(planted) == 0 {
		t.Error("nothing planted")
	}
}

// searchMemory looks for each needle in all memory of a process that can be read.
func searchMemory(t *testing.T, pid int, needles map[string][]byte) (hits map[string]int, size int64) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer mem.Close()
	hits = map[string]int{}
	const overlap = 4096
	buf := make([]byte, 8<<20)
	for line := range strings.Lines(string(maps)) {
		var from, to int64
		var mode string
		if n, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); n != 3 || err != nil || mode[0] != 'r' || strings.Contains(line, "[v") {
			continue
		}
		for ; from < to; from += int64(len(buf)) - overlap {
			n, err := mem.ReadAt(buf[:min(int64(len(buf)), to-from)], from)
			size += int64(n)
			if err != nil && n == 0 {
				break
			}
			for name, needle := range needles {
				hits[name] += bytes.Count(buf[:n], needle)
			}
		}
	}
	return hits, size
}

// P1: the running host has got ten thousand cells, and nothing of what they hold, of the keys that
// open them, or of the words of those who sent them, is in its memory. What was planted in it on
// purpose is found.
func TestP1Memory(t *testing.T) {
	cells := 10000
	if testing.Short() {
		cells = 1000
	}
	mark := make([]byte, 12)
	_, _ = rand.Read(mark) // it never fails
	plant := hex.EncodeToString(mark)
	host := exec.Command(os.Args[0], "-test.run=^TestP1HostProcess$")
	host.Env = append(os.Environ(), memoryHost+"="+plant)
	in, err := host.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := host.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := host.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		if err := host.Wait(); err != nil {
			t.Error(err)
		}
	}()
	addr := ""
	for lines := bufio.NewScanner(out); addr == "" && lines.Scan(); {
		addr, _ = strings.CutPrefix(lines.Text(), "listening ")
		if !strings.HasPrefix(lines.Text(), "listening ") {
			addr = ""
		}
	}
	needles := sendLetters(t, addr, cells)
	needles["planted"] = []byte("planted-" + plant)
	hits, size := searchMemory(t, host.Process.Pid, needles)
	for name, n := range hits {
		if name != "planted" && n > 0 {
			t.Errorf("%s stands %d times in the memory of the host", name, n)
		}
	}
	if hits["planted"] == 0 || size < 1<<20 {
		t.Errorf("the search is blind: %d bytes, planted %d times", size, hits["planted"])
	}
	t.Logf("%d MiB searched for %d things after %d cells", size>>20, len(needles), cells)
}

// sendLetters posts cells that are sealed twice, as real ones are, and gives what may not be known.
func sendLetters(t *testing.T, addr string, cells int) map[string][]byte {
	t.Helper()
	kem := hpke.MLKEM768X25519()
	key := func() (hpke.PrivateKey, []byte) {
		k, err := kem.GenerateKey()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		return k, raw
	}
	day, daySeed := key()
	inbox, inboxSeed := key()
	// Drawn anew, since the host here is a test and has this file's own words in its code.
	draw := make([]byte, 64)
	_, _ = rand.Read(draw) // it never fails
	threadKey := draw[:32]
	words := fmt.Sprintf("까치 사과 하늘 기차 바다 연필 구름 %d", draw[32:40])
	letter := fmt.Sprintf("국경의 다리에서 열차가 %d일째 멈춰 섰다", draw[40:60])
	seal := func(to hpke.PrivateKey, plain []byte) []byte {
		sealed, err := hpke.Seal(to.PublicKey(), hpke.HKDFSHA256(), hpke.AES256GCM(), nil, plain)
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	plain := append(append([]byte(words), threadKey...), letter...)
	inner := seal(inbox, append(plain, make([]byte, 1811-len(plain))...))
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			v, err := visit(40, i, addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer v.conn.Close()
			for n := i; n < cells; n += 16 {
				c := newCell(first)
				if n%20 == 0 {
					copy(c[12:], seal(day, append([]byte{1}, inner...)))
				}
				if status, err := v.post(c); err != nil || status != "204" {
					t.Errorf("%s, %v", status, err)
					return
				}
			}
		})
	}
	wg.Wait()
	needles := map[string][]byte{
		"the words": []byte(words), "the letter's end": []byte(letter)[len(letter)/2:], "the words' end": []byte(words)[len(words)/2:],
		"the letter": []byte(letter), "the thread key": threadKey,
		"the day key": daySeed, "the inbox key": inboxSeed, "the inner part": inner[:64],
		"the day key in hex": []byte(hex.EncodeToString(daySeed)), "the letter in base64": []byte(base64.StdEncoding.EncodeToString([]byte(letter)))[:40],
	}
	return needles
}
