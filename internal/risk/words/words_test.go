package words

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// leastOfGlosses is how often a form stands in the glosses and examples of WordNet to be common.
const leastOfGlosses = 3

// leastOfJieba is how often a word was counted in the texts behind jieba's dictionary.
const leastOfJieba = 20

// commonCharacters are as many Chinese characters as are common by themselves.
const commonCharacters = 2500

// TestMakeLists makes the three lists anew from what .ci/words has laid into the folder named by
// KKACHI_WORDS: data.* of WordNet, kor.words of Tesseract, jieba.dict.utf8.
func TestMakeLists(t *testing.T) {
	from := os.Getenv("KKACHI_WORDS")
	if from == "" {
		t.Skip("make words runs it")
	}
	for name, make := range map[string]func(*testing.T, string) []string{"en": glosses, "ko": forms, "zh": counted} {
		all := make(t, from)
		slices.Sort(all)
		all = slices.Compact(all)
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := z.Write([]byte(strings.Join(all, "\n") + "\n")); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d words, %d bytes", name, len(all), b.Len())
		if err := os.WriteFile(name+".txt.gz", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func lines(t *testing.T, path string, f func(string)) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<20)
	for s.Scan() {
		f(s.Text())
	}
	if s.Err() != nil {
		t.Fatal(s.Err())
	}
}

// glosses counts the words of WordNet's definitions and examples: free text, of 1.4 million words.
func glosses(t *testing.T, from string) []string {
	count, word := map[string]int{}, regexp.MustCompile(`[A-Za-z]+`)
	for _, part := range []string{"noun", "verb", "adj", "adv"} {
		lines(t, filepath.Join(from, "data."+part), func(line string) {
			_, gloss, _ := strings.Cut(line, "|")
			for _, w := range word.FindAllString(gloss, -1) {
				if w == strings.ToLower(w) {
					count[w]++
				}
			}
		})
	}
	var out []string
	for w, n := range count {
		if n >= leastOfGlosses {
			out = append(out, w)
		}
	}
	return out
}

func forms(t *testing.T, from string) []string {
	var out []string
	hangul := regexp.MustCompile(`^[가-힣]+$`)
	lines(t, filepath.Join(from, "kor.words"), func(w string) {
		if hangul.MatchString(w) {
			out = append(out, w)
		}
	})
	return out
}

func counted(t *testing.T, from string) []string {
	var out []string
	characters := map[string]int{}
	han := regexp.MustCompile(`^\p{Han}+$`)
	lines(t, filepath.Join(from, "jieba.dict.utf8"), func(line string) {
		f := strings.Fields(line)
		n, err := strconv.Atoi(f[1])
		if err != nil || !han.MatchString(f[0]) {
			return
		}
		for _, r := range f[0] {
			characters[string(r)] += n
		}
		if _, old := Traditional(f[0]); n >= leastOfJieba && len(f[0]) > 3 && !old {
			out = append(out, f[0])
		}
	})
	var all []string
	for c := range characters {
		if _, old := Traditional(c); !old {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return characters[b] - characters[a] })
	return append(out, all[:commonCharacters]...)
}

func TestListsAreThereAndSmall(t *testing.T) {
	sum := 0
	for name, least := range map[string]int{"en": 20_000, "ko": 60_000, "zh": 50_000} {
		l := read(name + ".txt.gz")
		if len(l) < least {
			t.Errorf("%s: %d words", name, len(l))
		}
		data, err := lists.ReadFile(name + ".txt.gz")
		if err != nil {
			t.Fatal(err)
		}
		sum += len(data)
	}
	if sum > 2<<20 {
		t.Errorf("the lists are %d bytes, over 2 MiB", sum)
	}
}

func TestRare(t *testing.T) {
	for _, c := range []struct {
		tag        lang.Tag
		text, want string
	}{
		{lang.English, "They gather at the office twice a week and swear loyalty.", ""},
		{lang.English, "Officials patrolled the border, and shopkeepers said nothing.", ""},
		{lang.English, "He kibitzed skedaddled and was gone.", "kibitzed skedaddled"},
		{lang.English, "The lickspittle flummadiddle of the bosses, he said.", "lickspittle flummadiddle"},
		{lang.English, "He kibitzed. Skedaddled was another word.", ""},
		{lang.English, "Pak Ryongchol met Kim Hyokjun in Dandong.", ""},
		{lang.English, "Only kibitzed stands here.", ""},
		{lang.Korean, "무역일꾼들은 영사관에서 생활총화를 한다고 소식통은 말했다.", ""},
		{lang.Korean, "문을 닫고 말을 하지 않았다.", ""},
		{lang.Korean, "그는 쌔무룩하게 꿍얼거리며 나갔다.", "쌔무룩하게 꿍얼거리며"},
		{lang.Chinese, "消息人士表示，学习从每周一次变为每两天一次。", ""},
		{lang.Chinese, "他踅摸着缲丝而行。", "踅摸着缲"},
		{lang.Chinese, "雖然踅摸著缲絲。", ""},
	} {
		var got []string
		for _, s := range Rare(c.tag, c.text) {
			got = append(got, c.text[s.Start:s.End])
		}
		if s := strings.Join(got, "|"); !strings.HasPrefix(s, c.want) || c.want == "" && s != "" {
			t.Errorf("%s %q: %q, want %q", c.tag, c.text, s, c.want)
		}
	}
}

func TestTraditional(t *testing.T) {
	if at, ok := Traditional("消息人士雖然"); !ok || at != (Span{12, 15}) {
		t.Errorf("%v %v", at, ok)
	}
	if _, ok := Traditional("消息人士虽然 and 한국어"); ok {
		t.Error("simplified writing is traditional")
	}
}

func FuzzRare(f *testing.F) {
	f.Add("He kibitzed skedaddled\xff. 쌔무룩하게 꿍얼거리며 踅摸着缲丝")
	f.Fuzz(func(t *testing.T, text string) {
		for _, tag := range append(lang.All(), "") {
			for _, s := range Rare(tag, text) {
				if s.Start < 0 || s.Start >= s.End || s.End > len(text) {
					t.Fatalf("%v of %q", s, text)
				}
			}
		}
	})
}
