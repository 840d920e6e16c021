package chart

import "fmt"

// A Stack is drawings one under the other in one file.
type Stack struct {
	Head
	Charts []Chart
}

func (s *Stack) head() Head { return s.Head }

// Table is that of the first; a page shows each under its own title.
func (s *Stack) Table() Table {
	if len(s.Charts) == 0 {
		return nil
	}
	return s.Charts[0].Table()
}

func (s *Stack) draw(k *canvas) error {
	if len(s.Charts) == 0 {
		return fmt.Errorf("%w: no drawings", ErrChart)
	}
	for i, c := range s.Charts {
		h := c.head()
		if k.y += 8; i > 0 || s.Title != h.Title {
			for _, line := range wrap(h.Title, Width-2*side, textSize*bold) {
				k.y += titleSize * 1.3
				k.text(side, k.y, start, "on", line)
			}
		}
		if err := c.draw(k); err != nil {
			return err
		}
	}
	return nil
}
