package lint

import (
	"regexp"
	"strings"

	"kkachi/internal/lang"
)

var digits = regexp.MustCompile(`[0-9０-９]+(?:[,，][0-9]{3})*(?:\.[0-9]+)?`)

// exactNumbers finds figures that were not rounded: 37 officials, 1,243 tonnes. Years, dates, hours and
// numbers within a name have rules of their own, or say nothing.
func (d Draft) exactNumbers() []Finding {
	var out []Finding
	for _, at := range digits.FindAllStringIndex(d.Text, -1) {
		before, n, after := d.Text[:at[0]], d.Text[at[0]:at[1]], d.Text[at[1]:]
		if exact(n) && !partOfDate(before, n, after) && !partOfName(before, after) {
			out = append(out, d.finding(at[0], at[1], RuleNumber, Warn))
		}
	}
	if p, ok := spelled[d.Lang]; ok {
		for _, at := range p.find(d.Text) {
			out = append(out, d.finding(at[0], at[1], RuleNumber, Warn))
		}
	}
	return out
}

// exact says whether a number has two digits that count at least, 10 to 15 and 25 apart: people round to these.
func exact(n string) bool {
	plain := strings.NewReplacer(",", "", "，", "").Replace(n)
	if strings.Contains(plain, ".") {
		return len(strings.Trim(strings.ReplaceAll(plain, ".", ""), "0")) >= 3
	}
	significant := strings.TrimRight(strings.TrimLeft(plain, "0"), "0")
	return len(significant) >= 2 && significant != "15" && significant != "25" && significant != "12"
}

var (
	monthBefore = regexp.MustCompile(`(?i)(?:January|February|March|April|May|June|July|August|September|October|November|December|Jan\.?|Feb\.?|Mar\.?|Apr\.?|Jun\.?|Jul\.?|Aug\.?|Sept?\.?|Oct\.?|Nov\.?|Dec\.?|[0-9] ?월 ?|[0-9]月|[-/:.])[ ]?$`)
	dateAfter   = regexp.MustCompile(`^(?i:(?:st|nd|rd|th)?(?: of)? ?(?:January|February|March|April|May|June|July|August|September|October|November|December)|th\b|st\b|nd\b|rd\b|s\b| ?(?:a\.m|p\.m|am\b|pm\b|o.clock)|[-/:]| ?(?:년|월|일|시|분|세기|대)|[年月日号时点分世]| ?BC| ?AD| ?CE)`)
	year        = regexp.MustCompile(`^(?:1[0-9]{3}|20[0-9]{2})$`)
)

func partOfDate(before, n, after string) bool {
	return year.MatchString(n) || monthBefore.MatchString(tail(before, 16)) || dateAfter.MatchString(after)
}

func partOfName(before, after string) bool {
	last := tail(before, 1)
	return last != "" && (last >= "A" && last <= "Z" || last >= "a" && last <= "z" || last == "-" || last == "." || last == "#") ||
		after != "" && (after[0] >= 'A' && after[0] <= 'Z')
}

// tail is the last n bytes of s.
func tail(s string, n int) string { return s[max(0, len(s)-n):] }

// spelled are exact numbers in words.
var spelled = map[lang.Tag]pattern{
	lang.English: {re: re(`(?i)\b(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)-(?:one|two|three|four|six|seven|eight|nine)\b|\b(?:one|two|three|four|five|six|seven|eight|nine) hundred and [a-z]+(?:-[a-z]+)?\b`)},
	lang.Korean:  {re: re(`(?:스물|서른|마흔|쉰|예순|일흔|여든|아흔)(?:하나|한|둘|두|셋|세|넷|네|여섯|일곱|여덟|아홉) ?(?:명|사람|개|대|번|가구|곳|마리|살)`)},
	lang.Chinese: {re: re(`[二三四五六七八九]十[一二三四六七八九](?:名|人|个|台|辆|户|家|次|处|岁|吨)|[一二三四五六七八九]百[一二三四五六七八九]十[一二三四五六七八九](?:名|人|个|台|辆|户|家|次|处|吨)`)},
}
