package lang

import "fmt"

// When is the word for the day of contact that the level allows, "" for none:
// "recently", "최근", "近日". D4 and D5 take Names.When as given.
func When(t Tag, a Attribution) (string, error) {
	switch d := a.Level.Day; {
	case d == 0:
		return "", nil
	case d <= 3:
		return three(t,
			[...]string{"최근", "이달", "지난주"}[d-1],
			[...]string{"recently", "this month", "last week"}[d-1],
			[...]string{"近日", "本月", "上周"}[d-1]), nil
	case d <= MaxDay:
		return given(t, a.Names.When, "when")
	}
	return "", fmt.Errorf("%w: day level D%d is out of range", ErrAttribution, a.Level.Day)
}

// How is the word for the way of contact that the level allows, "" for none. It is an
// adverbial that stands before the verb in Korean and Chinese, after it in English.
func How(t Tag, a Attribution) (string, error) {
	switch a.Level.Medium {
	case 0, 1:
		return "", nil // M1 is the verb itself: see Said
	case 2:
		return three(t, "전화 통화에서", "by telephone", "在电话中"), nil
	case 3:
		app, err := given(t, a.Names.App, "app")
		if err != nil {
			return "", err
		}
		return three(t, Particle(app, "으로", "로"), "by "+app, "通过"+app), nil
	case 4:
		return three(t, "문서나 녹음을 보이며", "showing a document or recording", "出示文件或录音并"), nil
	}
	return "", fmt.Errorf("%w: medium level M%d is out of range", ErrAttribution, a.Level.Medium)
}

// Said is a whole lead: who said, when and how, as far as the level allows. English begins
// with a capital letter and ends with the verb's adverbials: "A source in China said
// recently". Korean ends with the topic and adverbials, "중국 내 소식통은 최근", and its verb
// is Verb. Chinese ends with the verb: "在中国的一名消息人士近日表示".
func Said(t Tag, a Attribution) (string, error) {
	who, err := Phrase(t, a)
	if err != nil {
		return "", err
	}
	when, err := When(t, a)
	if err != nil {
		return "", err
	}
	how, err := How(t, a)
	if err != nil {
		return "", err
	}
	switch t {
	case Korean:
		return Particle(who, "은", "는") + spaced(when) + spaced(how), nil
	case Chinese:
		return who + when + how + Verb(t, a.Level), nil
	}
	return Capital(who) + " " + Verb(t, a.Level) + spaced(when) + spaced(how), nil
}

// Verb is the verb of a lead: M1 says that the source got in touch, else it says nothing of
// the way: "said", "밝혔다", "表示"; M1 "told us", "전해왔다", "透露".
func Verb(t Tag, l Level) string {
	if l.Medium == 1 {
		return three(t, "전해왔다", "told us", "透露")
	}
	return three(t, "밝혔다", "said", "表示")
}

// Capital raises the first letter of an English phrase; other scripts stay as they are.
func Capital(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}

func spaced(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func three(t Tag, ko, en, zh string) string { return Words{KO: ko, EN: en, ZH: zh}.In(t) }
