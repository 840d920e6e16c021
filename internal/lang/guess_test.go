package lang

import "testing"

func TestGuess(t *testing.T) {
	for text, want := range map[string]Tag{
		"A source in 中国 said": English, "소식통은 WeChat으로": Korean, "消息人士通过WeChat表示": Chinese, "": English, "김(金)씨": Korean,
		"金正恩委员长（김정은）视察": Chinese, "1234 !": English, "Привет": English,
	} {
		if got := Guess(text); got != want {
			t.Errorf("%q is %s, not %s", text, got, want)
		}
	}
}
