package lang

import (
	"strconv"
	"time"
)

// Date is UTC day number day (days since 1970-01-01) in full: 2022년 10월 3일, 3 October 2022,
// 2022年10月3日. No finer time exists in the house.
func Date(t Tag, day uint32) string {
	y, m, d := civil(day)
	switch t {
	case Korean:
		return strconv.Itoa(y) + "년 " + strconv.Itoa(int(m)) + "월 " + strconv.Itoa(d) + "일"
	case Chinese:
		return strconv.Itoa(y) + "年" + strconv.Itoa(int(m)) + "月" + strconv.Itoa(d) + "日"
	default:
		return strconv.Itoa(d) + " " + m.String() + " " + strconv.Itoa(y)
	}
}

// ShortDate leaves out the year, for lists at the desk: 10월 3일, 3 Oct, 10月3日.
func ShortDate(t Tag, day uint32) string {
	_, m, d := civil(day)
	switch t {
	case Korean:
		return strconv.Itoa(int(m)) + "월 " + strconv.Itoa(d) + "일"
	case Chinese:
		return strconv.Itoa(int(m)) + "月" + strconv.Itoa(d) + "日"
	default:
		return strconv.Itoa(d) + " " + m.String()[:3]
	}
}

// Month is the month of a day, and no more: 2022년 10월, October 2022, 2022年10月.
func Month(t Tag, day uint32) string {
	y, m, _ := civil(day)
	switch t {
	case Korean:
		return strconv.Itoa(y) + "년 " + strconv.Itoa(int(m)) + "월"
	case Chinese:
		return strconv.Itoa(y) + "年" + strconv.Itoa(int(m)) + "月"
	default:
		return m.String() + " " + strconv.Itoa(y)
	}
}

// Weekday is the name of a day's weekday: 월요일, Monday, 星期一.
func Weekday(t Tag, day uint32) string {
	w := instant(day).Weekday()
	switch t {
	case Korean:
		return [...]string{"일", "월", "화", "수", "목", "금", "토"}[w] + "요일"
	case Chinese:
		return "星期" + [...]string{"日", "一", "二", "三", "四", "五", "六"}[w]
	default:
		return w.String()
	}
}

// ISODate is a day for machines: 2022-10-03.
func ISODate(day uint32) string { return instant(day).Format(time.DateOnly) }

func instant(day uint32) time.Time { return time.Unix(int64(day)*86400, 0).UTC() }

func civil(day uint32) (int, time.Month, int) { return instant(day).Date() }
