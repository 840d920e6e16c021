package lint

import "kkachi/internal/risk"

// Roles are read only where they stand beside the word for a source: the trade of which a story treats is no
// attribution. The lists are of what people posted abroad, and those whom they meet, are called.
const (
	workEN = `official|diplomat|trader|merchant|broker|businessman|businesswoman|businessperson|officer|soldier|guard|manager|worker|engineer|technician|driver|cook|chef|doctor|nurse|teacher|student|interpreter|translator|clerk|accountant|farmer|sailor|fisherman|cadre|executive|agent|waitress|researcher|professor|lawyer`
	postEN = `consul|vice-consul|ambassador|counsell?or|attach[eé]|director|deputy director|head|chief|commander|captain|secretary|supervisor|foreman|representative`
	unitEN = `consulate|embassy|mission|representative office|office|bureau|department|section|division|ministry|company|corporation|factory|mill|hospital|hotel|restaurant|brigade|battalion|regiment|dormitory|warehouse|bank|school|university|agency|committee`
	beatEN = `trade|trading|diplomatic|military|security|party|business|industry|banking|shipping|mining|government|police|intelligence|customs|medical|border|market|army|health|education`

	workKO = `무역일꾼|무역일군|무역상|무역업자|간부|외교관|상인|장사꾼|군인|군관|병사|노동자|의사|간호사|교사|대학생|유학생|학생|통역원|통역|운전사|운전기사|요리사|기술자|경비대원|경비병|보위원|안전원|회계원|중개인|브로커|농민|어민|선원|연구원|교수|사업가`
	postKO = `영사|령사|참사관|참사|서기관|과장|부장|국장|처장|실장|지배인|지도원|사장|책임자|소장|단장|세포비서|반장|주임|대사`
	unitKO = `영사관|령사관|대사관|대표부|무역회사|회사|총국|관리국|공장|병원|호텔|식당|여단|대대|부대|작업반|은행|학교|대학|기숙사|위원회|내각|외무성|무역성|세관`
	beatKO = `무역|외교|군|당|사법|보안|의료|교육|상업|금융|물류|세관|군부|정부|경찰|국경경비대|대외무역|외화벌이|업계`

	workZH = `贸易官员|官员|外交官|商人|贸易商|军人|军官|士兵|工人|医生|护士|教师|学生|留学生|翻译|司机|厨师|技术员|工程师|警卫|经纪人|会计|船员|渔民|农民|干部|研究员|教授|律师`
	postZH = `总领事|领事|大使|参赞|武官|处长|科长|局长|部长|主任|经理|代表|团长|队长|书记|负责人|厂长`
	unitZH = `领事馆|大使馆|代表处|代表机构|代表团|办事处|公司|工厂|医院|饭店|酒店|餐厅|大队|支队|外交部|贸易省|总局|海关|银行|学校|大学|宿舍|委员会`
	// who he is may stand before where he is: 贸易领域的在中国的一名消息人士
	someoneZH = `的?(?:在[\p{Han}]{1,8}?的)?(?:(?:另?一名|一位|多名)[\p{Han}]{0,6}?)?(?:境外)?(?:消息|知情)人士`
	beatZH    = `贸易|外贸|外交|军方|军队|党内|警方|公安|保卫部门|情报|商界|政府|海关|医疗|金融|航运|边防|业内|市场`
)

// The patterns are compiled once and never written.
var rolesEN = []pattern{
	{rule: RuleRole, axis: risk.Role, needs: 1, re: re(`(?i)\bsources?(?: [a-z]+){0,5},? (?:who (?:is|was|are) )?((?:familiar|acquainted) with|briefed on|with (?:direct |first-?hand |close )?knowledge of|close to)\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 2, re: re(`(?i)\b((?:` + beatEN + `) sources?)\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 2, re: re(`(?i)\bsources?(?: (?:in|inside|outside) [a-z' ’-]+?)? (?:in|from|within) (?:the )?((?:[a-z-]+ ){1,3}(?:sector|industry|business|circles))\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`(?i)\bsources?(?: in [a-z' ’-]+?)? (?:who (?:is|was|works? as|worked as|serves? as)|working as|posted as|employed as) (an? (?:[a-z-]+ ){0,3}?(?:` + workEN + `))\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`(?i)\bsources?(?: in [a-z' ’-]+?)?, (an? (?:[a-z-]+ ){0,3}?(?:` + workEN + `)(?: (?:in|at|from) [a-z' ’-]+)?)[,.;]`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`(?i)\b((?:[a-z-]+ )?(?:` + workEN + `))s?(?: [a-z]+){0,4},? (?:who asked not to be named|speaking on condition of anonymity|on condition of anonymity)\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`(?i)\bsources?,? (?:in [a-z' ’-]+? )?(?:who (?:is|was|works?|worked|serves?|served) |working |posted |employed |based )?((?:at|in|of|with|for|inside|within) (?:the |an? |[a-z]+['’]s )(?:[a-z'’-]+ ){0,4}?(?:` + unitEN + `))\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`(?i)\bsources?(?: in [a-z' ’-]+?)? (?:who (?:is|was|works? as|worked as|serves? as)|working as|posted as) ((?:(?:an?|the) )?(?:[a-z-]+ ){0,3}?(?:` + postEN + `)(?: (?:of|at|in) [a-z' ’-]+)?)\b`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`(?i)\bsources?(?: in [a-z' ’-]+?)?, ((?:(?:an?|the) )?(?:[a-z-]+ ){0,3}?(?:` + postEN + `)(?: (?:of|at|in) [a-z' ’-]+)?)[,.;]`)},
}

var rolesKO = []pattern{
	{rule: RuleRole, axis: risk.Role, needs: 1, re: re(`(사정에 (?:밝은|정통한)|(?:사정|내막|상황)을 (?:잘 )?아는|정통한)(?: [가-힣]+){0,4} (?:소식통|취재원|제보자|관계자)`)},
	{rule: RuleRole, axis: risk.Role, needs: 2, re: re(`(?:^|[^가-힣])((?:` + beatKO + `) ?소식통|[가-힣]+ ?(?:부문|업계|분야|계통)(?:의|에 있는|에서 일하는| 내)?(?: [가-힣]+){0,2} 소식통)`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`((?:` + workKO + `)(?:인|이라는|로 일하는|으로 일하는|로 있는|으로 있는| 출신(?:의|인)?))(?: [가-힣]+){0,3} ?(?:소식통|취재원|제보자)`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`소식통인 ((?:[가-힣]+ ){0,2}?(?:` + workKO + `))|소식통\(((?:` + workKO + `))\)|익명을 요구한 ((?:[가-힣]+ ){0,3}?(?:` + workKO + `))`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`([가-힣]*(?:` + unitKO + `)(?:에서 일하는|에 있는|에서 근무하는|에 근무하는|에 다니는|에 소속된| 소속(?:의|인)?| 근무| 내부| 내|의))(?: [가-힣]+){0,3} ?(?:소식통|취재원|제보자)`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`((?:[가-힣]+ ?)?(?:` + postKO + `)(?:인|으로 있는|로 있는|로 일하는|으로 일하는|을 지낸|를 지낸))(?: [가-힣]+){0,3} ?(?:소식통|취재원|제보자)`)},
}

var rolesZH = []pattern{
	{rule: RuleRole, axis: risk.Role, needs: 1, re: re(`知情人士|知情者|(?:了解|熟悉)(?:内情|情况)的[\p{Han}]{0,4}(?:消息人士|人士)`)},
	{rule: RuleRole, axis: risk.Role, needs: 2, re: re(`((?:` + beatZH + `)(?:方面|系统|部门|领域|行业|界)?` + someoneZH + `|[\p{Han}]{2,4}(?:领域|行业|业界|部门|系统)` + someoneZH + `)`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`(?:身为|作为|担任|当|做)((?:一名|一位)?[\p{Han}]{0,4}?(?:` + workZH + `))` + someoneZH + `|((?:` + workZH + `))(?:消息|知情)人士`)},
	{rule: RuleRole, axis: risk.Role, needs: 3, re: re(`(?:消息|知情)人士(?:是|系|为)((?:一名|一位)?[\p{Han}]{0,4}?(?:` + workZH + `))|(?:要求匿名|不愿透露姓名)的([\p{Han}]{0,6}?(?:` + workZH + `))`)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`((?:` + unitZH + `)(?:里|内|内部)?(?:工作|任职|供职|上班)?)` + someoneZH)},
	{rule: RuleRole, axis: risk.Role, needs: 4, re: re(`((?:身为|担任|任)?[\p{Han}]{0,4}?(?:` + postZH + `))` + someoneZH + `|(?:消息|知情)人士(?:是|系|为)([\p{Han}]{0,6}?(?:` + postZH + `))`)},
}
