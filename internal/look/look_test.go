package look

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var property = regexp.MustCompile(`--([a-z0-9-]+):\s*([^;]+);`)

// themes reads the custom properties of the light and the dark theme.
func themes(t *testing.T) map[string]map[string]string {
	t.Helper()
	css := string(Tokens())
	at := strings.Index(css, "(prefers-color-scheme: dark)")
	end := strings.Index(css, "(prefers-reduced-motion")
	if at < 0 || end < at {
		t.Fatal("tokens.css has no dark theme")
	}
	read := func(s string) map[string]string {
		out := map[string]string{}
		for _, m := range property.FindAllStringSubmatch(s, -1) {
			if _, ok := out[m[1]]; !ok {
				out[m[1]] = m[2]
			}
		}
		return out
	}
	return map[string]map[string]string{"light": read(css[:at]), "dark": read(css[at:end])}
}

func TestTokensAreThoseOfTheDesign(t *testing.T) {
	for theme, want := range map[string]string{
		"light": "ink #16191d, ink-2 #4a5159, ink-3 #666e77, paper #ffffff, paper-2 #f6f7f8, line #dfe3e7, accent #0b5c8a, pass #1d6f42, hold #8a5a00, block #a3211c",
		"dark":  "ink #e8eaed, ink-2 #b3bac2, ink-3 #8b939c, paper #14171a, paper-2 #1b1f23, line #2c3238, accent #6cb6e3, pass #6cc48d, hold #e0b04f, block #f0857f",
	} {
		have := themes(t)[theme]
		for _, pair := range strings.Split(want, ", ") {
			name, value, _ := strings.Cut(pair, " ")
			if have[name] != value {
				t.Errorf("%s: --%s is %q, want %s", theme, name, have[name], value)
			}
		}
	}
	light := themes(t)["light"]
	for i, px := range []int{4, 8, 12, 16, 24, 32, 48} {
		if got := light["s"+strconv.Itoa(i+1)]; got != strconv.Itoa(px)+"px" {
			t.Errorf("--s%d is %q, want %dpx", i+1, got, px)
		}
	}
}

// Each ink can be read on both grounds of its theme: at least 4.5:1 (WCAG 2.2, 1.4.3).
func TestContrast(t *testing.T) {
	for theme, tokens := range themes(t) {
		for _, ink := range []string{"ink", "ink-2", "ink-3", "accent", "pass", "hold", "block"} {
			for _, ground := range []string{"paper", "paper-2"} {
				if c := contrast(t, tokens[ink], tokens[ground]); c < 4.5 {
					t.Errorf("%s: --%s on --%s has a contrast of %.2f:1, want 4.5", theme, ink, ground, c)
				}
			}
		}
		if c := contrast(t, tokens["accent-ink"], tokens["accent"]); c < 4.5 {
			t.Errorf("%s: --accent-ink on --accent has a contrast of %.2f:1", theme, c)
		}
	}
	if c := contrast(t, "#777777", "#ffffff"); math.Abs(c-4.48) > 0.01 {
		t.Errorf("the measure itself is wrong: %.2f", c)
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	if x < y {
		x, y = y, x
	}
	return (x + 0.05) / (y + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(strings.TrimPrefix(hex, "#"), 16, 32)
	if err != nil || len(hex) != 7 {
		t.Fatalf("%q is no colour", hex)
	}
	l := 0.0
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(n>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += share * c
	}
	return l
}

// The sheet fetches nothing, and the base colours nothing by hand.
func TestNothingIsFetchedOrColouredByHand(t *testing.T) {
	css := string(Site())
	for _, word := range []string{"url(", "@import", "@font-face", "http:", "https:", "expression("} {
		if strings.Contains(css, word) {
			t.Errorf("the sheet holds %q", word)
		}
	}
	if m := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b|rgba?\(|hsla?\(`).FindString(strings.TrimPrefix(css, string(Tokens()))); m != "" {
		t.Errorf("a sheet has a colour of its own: %s", m)
	}
	declared := map[string]bool{}
	for _, m := range property.FindAllStringSubmatch(css, -1) {
		declared[m[1]] = true
	}
	for _, m := range regexp.MustCompile(`var\(--([a-z0-9-]+)\)`).FindAllStringSubmatch(css, -1) {
		if !declared[m[1]] {
			t.Errorf("--%s is used and not declared", m[1])
		}
	}
	for _, rule := range []string{"word-break: keep-all", "line-break: strict", "text-wrap: balance", "text-wrap: pretty", "outline-offset: 2px", "prefers-reduced-motion"} {
		if !strings.Contains(css, rule) {
			t.Errorf("the sheet lacks %q", rule)
		}
	}
}
