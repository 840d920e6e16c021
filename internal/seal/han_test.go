package seal

import "testing"

func TestSimplified(t *testing.T) {
	for from, to := range map[string]string{
		"他們每兩天開一次會": "他们每两天开一次会", "國際貿易": "国际贸易", "學習": "学习", "報告": "报告",
		"学习": "学习", "한국어 テスト abc 12": "한국어 テスト abc 12", "": "",
	} {
		var got []rune
		for _, r := range from {
			got = append(got, Simplified(r))
		}
		if string(got) != to {
			t.Errorf("%s becomes %s, want %s", from, string(got), to)
		}
	}
	if n := len(simplified()); n < 600 || n > ListSize {
		t.Errorf("%d characters are written in two ways", n)
	}
	for from, to := range simplified() {
		if Simplified(to) != to {
			t.Errorf("%c becomes %c, and that %c: it would be compared in two forms", from, to, Simplified(to))
		}
	}
}
