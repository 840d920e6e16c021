package release

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"kkachi/internal/lang"
)

// sample is a release that passes. Each test takes its own.
func sample() *Release {
	per := func(ko, en, zh Text) PerLang { return PerLang{ko, en, zh} }
	edition := func(tag lang.Tag, head, stand, why Text, s1, s2 Text) Edition {
		return Edition{
			Lang: tag, Headline: head, Standfirst: stand, Anonymity: why,
			Body: []Paragraph{{Sentences: []Sentence{
				{Text: s1, Rung: TwoChains, Level: lang.Level{Place: 2, Day: 1}},
				{Text: s2, Rung: TwoIndependent, Disputed: true, Level: lang.Level{Place: 2}},
			}}},
		}
	}
	return &Release{
		Version: 1, ID: ID{1, 2, 3}, Serial: 1, Slug: "sessions-every-two-days", Printed: 19275, Original: lang.Korean,
		Editions: []Edition{
			edition(lang.Korean, "이틀에 한 번 모인다", "주 1회 학습이 이틀에 한 번으로 늘었다.", "신원이 드러나면 위험하다.", "중국 내 소식통은 최근 이같이 밝혔다.", "뇌물이 통하지 않는다는 말이 나온다."),
			edition(lang.English, "Sessions every two days", "Once a week became once every two days.", "They would be in danger.", "A source in China said so recently.", "Bribes are said to work no longer."),
			edition(lang.Chinese, "两天学习一次", "每周一次变为两天一次。", "身份暴露会有危险。", "在中国的一名消息人士近日表示。", "据说行贿已不管用。"),
		},
		Corrections: []Correction{{Day: 19280, Text: per("숫자를 바로잡았다.", "A figure was corrected.", "更正了一个数字。")}},
	}
}

func mustEncode(t testing.TB, r *Release) []byte {
	t.Helper()
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// key makes an approver's key from one letter.
func key(letter string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte(strings.Repeat(letter, ed25519.SeedSize)))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
