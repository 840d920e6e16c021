package press

import (
	"bytes"
	"crypto/ed25519"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"kkachi/internal/lang"
	"kkachi/internal/release"
)

const sampleAddress = "kkachi:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef@http://127.0.0.1:8080"

func sampleSite() Site {
	return Site{Name: lang.Words{KO: "까치", EN: "The Magpie", ZH: "喜鹊"}, Address: sampleAddress}
}

// samplePhoto is a drawn picture, encoded as clean does it.
func samplePhoto(t testing.TB) ([]byte, *release.Photo) {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 960, 640))
	for y := range 640 {
		for x := range 960 {
			c := color.RGBA{0xb8, 0xc8, uint8(0xd8 - y/8), 0xff}
			if y > 260 && y < 520 && x > 220 && x < 740 {
				c = color.RGBA{0xd2, 0xc8, 0xb4, 0xff}
			}
			if y >= 520 {
				c = color.RGBA{0x58, 0x58, 0x5c, 0xff}
			}
			img.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes(), &release.Photo{
		SHA256: release.Hash(release.DigestOf(b.Bytes())), MIME: release.JPEG, Width: 960, Height: 640, Clean: true, FilePhoto: true,
		Alt:     release.PerLang{KO: "담장과 깃대가 있는 대표부 건물", EN: "A mission building with a wall and a flagpole", ZH: "有围墙和旗杆的代表机构大楼"},
		Caption: release.PerLang{KO: "해외에 있는 한 대표부 건물", EN: "The building of a mission abroad", ZH: "一处驻外代表机构的大楼"},
		Credit:  release.PerLang{KO: "그림: 까치", EN: "Drawing: The Magpie", ZH: "绘图：喜鹊"},
	}
}

// A sentence of the sample in three languages.
type line struct {
	rung       release.Rung
	disputed   bool
	ko, en, zh release.Text
}

// The sample story carries the facts of the motivating case in words of the house.
var sampleBody = [][]line{
	{
		{
			release.TwoChains, false,
			"중국 내 소식통은 최근 대표부에서 일주일에 한 번 열리던 학습 모임이 이제는 이틀에 한 번 열린다고 전했다.",
			"A source in China said recently that study sessions at missions, once held every week, are now held once every two days.",
			"在中国的一名消息人士近日表示，驻外代表机构原来每周一次的学习会，如今改为两天一次。",
		},
		{
			release.OneChain, false,
			"참가자는 그동안의 행적을 보고하고 충성을 다짐해야 한다는 것이다.",
			"Those who attend have to account for what they have been doing and to swear loyalty, the source said.",
			"该消息人士说，参加者必须汇报近况，并宣誓效忠。",
		},
	},
	{
		{
			release.OneChain, false,
			"중국 내 또 다른 소식통은 주재국 당국이 이탈하려는 사람을 붙잡아 돌려보내 달라는 요청을 받았다고 밝혔다.",
			"Another source in China said that the host state was asked to arrest and return those who try to leave.",
			"在中国的另一名消息人士说，驻在国当局被要求逮捕并遣返试图离开的人。",
		},
		{
			release.TwoIndependent, false,
			"라오스로 이어지는 길에서는 순찰이 늘었다.",
			"Patrols on the roads towards Laos have increased.",
			"通往老挝的道路上巡逻有所增加。",
		},
		{
			release.TwoIndependent, true,
			"돈을 주고 국경을 넘는 일은 더는 통하지 않는다고 한다.",
			"Bribes are said to work no longer at that border.",
			"据说在那段边境，行贿已经行不通。",
		},
	},
	{
		{
			release.OneChain, false,
			"무역은 거의 멎었지만 바쳐야 하는 액수는 줄지 않았다고 이 소식통은 전했다.",
			"Trade has all but come to a halt, while the sums to be handed over have stayed the same, the source said.",
			"该消息人士说，贸易几乎停顿，而须上缴的款额并未减少。",
		},
	},
}

func sampleRelease(t testing.TB) (*release.Release, []byte) {
	t.Helper()
	data, photo := samplePhoto(t)
	r := &release.Release{
		Version: 1, ID: release.ID{1}, Serial: 1, Slug: "sessions-every-two-days", Printed: 19278, Original: lang.Korean, Photo: photo,
		Editions: []release.Edition{
			{Lang: lang.Korean, Headline: "해외 주재원 학습 모임, 일주일에 한 번에서 이틀에 한 번으로", Standfirst: "행적 보고와 충성 다짐이 잦아지고, 국경으로 가는 길의 단속도 늘었다.", Anonymity: "이름이 알려지면 위험해질 수 있어 증언한 사람을 밝히지 않는다."},
			{Lang: lang.English, Headline: "Officials posted abroad are now called together every two days", Standfirst: "They account for their movements and swear loyalty more often, and patrols on the way to the border have increased.", Anonymity: "Those who spoke are not named because they would be in danger if they were known."},
			{Lang: lang.Chinese, Headline: "驻外人员学习会由每周一次增至两天一次", Standfirst: "汇报行踪、宣誓效忠更加频繁，通往边境道路上的巡查也有所增加。", Anonymity: "讲述者一旦身份曝光就会有危险，因此不公布姓名。"},
		},
		Corrections: []release.Correction{{Day: 19281, Text: release.PerLang{
			KO: "처음 실린 기사는 순찰이 두 배로 늘었다고 했으나, 얼마나 늘었는지는 확인되지 않았다.",
			EN: "The story first said that patrols had doubled; by how much they have increased is not established.",
			ZH: "最初刊登的报道称巡逻增加了一倍；增加的幅度并未得到证实。",
		}}},
	}
	for i, tag := range lang.All() {
		for _, para := range sampleBody {
			var p release.Paragraph
			for _, l := range para {
				p.Sentences = append(p.Sentences, release.Sentence{
					Text: release.PerLang{KO: l.ko, EN: l.en, ZH: l.zh}.In(tag), Rung: l.rung, Disputed: l.disputed,
					Level: lang.Level{Place: 2, Day: 1},
				})
			}
			r.Editions[i].Body = append(r.Editions[i].Body, p)
		}
	}
	return r, data
}

// otherRelease is a second story, without photograph or corrections.
func otherRelease(t testing.TB, n byte, slug release.Slug, day release.Day) *release.Release {
	t.Helper()
	r, _ := sampleRelease(t)
	r.ID, r.Slug, r.Printed, r.Photo, r.Corrections = release.ID{n}, slug, day, nil, nil
	r.Editions[0].Headline = "무역은 멎었는데 바쳐야 할 돈은 그대로"
	r.Editions[1].Headline = "Trade has stopped, and the sums to be paid remain"
	r.Editions[2].Headline = "贸易停顿，上缴款额依旧"
	return r
}

// verified approves a release by two people.
func verified(t testing.TB, r *release.Release) *release.Verified {
	t.Helper()
	data, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	list := map[release.Approver]ed25519.PublicKey{}
	var approvals []release.Approval
	for _, name := range []release.Approver{"han", "lee"} {
		k := ed25519.NewKeyFromSeed([]byte(strings.Repeat(string(name[:1]), ed25519.SeedSize)))
		list[name] = k.Public().(ed25519.PublicKey)
		a, err := release.Approve(name, k, release.DigestOf(data))
		if err != nil {
			t.Fatal(err)
		}
		approvals = append(approvals, a)
	}
	v, err := release.Open(data, approvals, list)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
