package lang

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Level says how finely a source is described: the five axes of the attribution
// vocabulary. Larger is finer. The zero Level says "a source" and nothing else.
type Level struct {
	Place  uint8 `json:"place"`  // 0 none, 1 outside the country, 2 country, 3 region, 4 province, 5 city
	Role   uint8 `json:"role"`   // 0 none, 1 familiar with the matter, 2 sector, 3 trade, 4 named unit or post
	Day    uint8 `json:"day"`    // 0 none, 1 recently, 2 this month, 3 last week, 4 weekday, 5 exact date or hour
	Medium uint8 `json:"medium"` // 0 none, 1 told, 2 by telephone, 3 by a named app, 4 document or recording shown
	Gender bool  `json:"gender"` // whether the source is a woman or a man is said
	Count  bool  `json:"count"`  // whether the number of sources is said
}

// The finest value of each axis.
const (
	MaxPlace  = 5
	MaxRole   = 4
	MaxDay    = 5
	MaxMedium = 4
)

// Valid says whether each axis lies within its range.
func (l Level) Valid() bool {
	return l.Place <= MaxPlace && l.Role <= MaxRole && l.Day <= MaxDay && l.Medium <= MaxMedium
}

// String is the level as it is written in papers: "L2 R1 D1 M0", with "gender" and "count"
// after it where they are said.
func (l Level) String() string {
	s := fmt.Sprintf("L%d R%d D%d M%d", l.Place, l.Role, l.Day, l.Medium)
	if l.Gender {
		s += " gender"
	}
	if l.Count {
		s += " count"
	}
	return s
}

// An Order is the place of a mention among the mentions of sources in one story.
type Order uint8

// Orders of mention.
const (
	First    Order = iota // a source
	Another               // another source
	Same                  // the source that was mentioned last
	Together              // sources: taken for First unless Independent ≥ 2
)

// A Gender is said only where the level says so.
type Gender uint8

// Genders.
const (
	Unsaid Gender = iota
	Woman
	Man
)

// Names are the words that fill the levels: given by the newsroom in three languages, used
// only as far as the level reaches.
type Names struct {
	Country  Words  // L2: 중국, China, 中国
	Region   Words  // L3: 중국 동북부, north-eastern China, 中国东北
	Province Words  // L4
	City     Words  // L5
	Sector   Words  // R2: 무역 부문, trade, 贸易领域
	Trade    Words  // R3: 무역일꾼, trade official, 贸易官员
	Post     Words  // R4: the unit or post, without an article
	App      Words  // M3
	When     Words  // D4 and D5: 월요일, on Monday, 周一
	Gender   Gender // used if Level.Gender
}

// An Attribution is what a phrase is made of.
type Attribution struct {
	Level       Level
	Names       Names
	Independent int // independent chains behind the sentence; a plural needs at least two
	Order       Order
}

// ErrAttribution is behind each error of Phrase, When and How.
var ErrAttribution = errors.New("attribution cannot be written")

// Phrase is the noun phrase that stands for a source: "a source in China", "another source
// in China", "sources in China" (only where Independent ≥ 2). It begins in lower case. It
// fails if the level is out of range or a word that it needs is not given in language t,
// and names the word.
func Phrase(t Tag, a Attribution) (string, error) {
	if !a.Level.Valid() {
		return "", fmt.Errorf("%w: level %s is out of range", ErrAttribution, a.Level)
	}
	place, err := place(t, a)
	if err != nil {
		return "", err
	}
	role, err := role(t, a)
	if err != nil {
		return "", err
	}
	order := a.Order
	if order == Together && a.Independent < 2 || order > Together {
		order = First
	}
	switch t {
	case Korean:
		return koreanPhrase(a, order, place, role), nil
	case Chinese:
		return chinesePhrase(a, order, place, role), nil
	case English:
		return englishPhrase(a, order, place, role), nil
	}
	return "", fmt.Errorf("%w: language %q is not one of ko, en, zh", ErrAttribution, clip(string(t), 16))
}

func given(t Tag, w Words, field string) (string, error) {
	if s := strings.TrimSpace(w.In(t)); s != "" {
		return s, nil
	}
	return "", fmt.Errorf("%w: the word for %s is not given in %s", ErrAttribution, field, t)
}

// place is the name of the place that the level reaches, "" for none and for "outside".
func place(t Tag, a Attribution) (string, error) {
	switch a.Level.Place {
	case 2:
		return given(t, a.Names.Country, "country")
	case 3:
		return given(t, a.Names.Region, "region")
	case 4:
		return given(t, a.Names.Province, "province")
	case 5:
		return given(t, a.Names.City, "city")
	}
	return "", nil
}

func role(t Tag, a Attribution) (string, error) {
	switch a.Level.Role {
	case 2:
		return given(t, a.Names.Sector, "sector")
	case 3:
		return given(t, a.Names.Trade, "trade")
	case 4:
		return given(t, a.Names.Post, "post")
	}
	return "", nil
}

func englishPhrase(a Attribution, order Order, place, role string) string {
	noun, after := "source", ""
	switch a.Level.Role {
	case 1:
		after = " familiar with the matter"
	case 2:
		after = " in the " + role + " sector"
	case 3, 4:
		noun = role
	}
	if a.Level.Gender && a.Names.Gender != Unsaid {
		noun = [...]string{"", "female ", "male "}[a.Names.Gender] + noun
	}
	switch a.Level.Place {
	case 0:
	case 1:
		after = " outside the country" + after
	default:
		after = " in " + place + after
	}
	switch order {
	case Another:
		return "another " + noun + after
	case Same:
		return "the " + noun
	case Together:
		if a.Level.Count {
			return englishNumber(a.Independent) + " " + noun + "s" + after
		}
		return noun + "s" + after
	}
	if strings.ContainsRune("aeiouAEIOU", rune(noun[0])) {
		return "an " + noun + after
	}
	return "a " + noun + after
}

func englishNumber(n int) string {
	small := [...]string{2: "two", "three", "four", "five", "six", "seven", "eight", "nine"}
	if n >= 2 && n < len(small) {
		return small[n]
	}
	return strconv.Itoa(n)
}

func koreanPhrase(a Attribution, order Order, place, role string) string {
	noun, before := "소식통", ""
	switch a.Level.Role {
	case 1:
		before = "사정에 밝은 "
	case 2:
		noun = role + " 소식통"
	case 3, 4:
		noun = role
	}
	if a.Level.Gender && a.Names.Gender != Unsaid {
		noun = [...]string{"", "여성 ", "남성 "}[a.Names.Gender] + noun
	}
	if order == Same {
		return "이 " + noun
	}
	another := ""
	if order == Another {
		another = "또 다른 "
	}
	if order == Together {
		if a.Level.Count {
			noun += " " + strconv.Itoa(a.Independent) + "명"
		} else {
			noun += "들"
		}
	}
	switch a.Level.Place {
	case 0:
		return before + another + noun
	case 1:
		return before + another + "해외 " + noun
	case 2:
		return before + place + " 내 " + another + noun
	}
	return before + another + place + " " + noun
}

func chinesePhrase(a Attribution, order Order, place, role string) string {
	noun := "消息人士"
	switch a.Level.Role {
	case 1:
		noun = "知情人士"
	case 2:
		noun = role + "消息人士"
	case 3, 4:
		noun = role
	}
	if a.Level.Gender && a.Names.Gender != Unsaid {
		noun = [...]string{"", "女性", "男性"}[a.Names.Gender] + noun
	}
	if order == Same {
		return "该" + noun
	}
	where := ""
	switch a.Level.Place {
	case 1:
		noun = "境外" + noun
	case 2:
		where = "在" + place + "的"
	case 3, 4, 5:
		noun = place + noun
	}
	switch order {
	case Another:
		return where + "另一名" + noun
	case Together:
		if a.Level.Count {
			return where + chineseNumber(a.Independent) + "名" + noun
		}
		return where + "多名" + noun
	}
	return where + "一名" + noun
}

func chineseNumber(n int) string {
	small := [...]string{2: "两", "三", "四", "五", "六", "七", "八", "九"}
	if n >= 2 && n < len(small) {
		return small[n]
	}
	return strconv.Itoa(n)
}
