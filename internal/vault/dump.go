package vault

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// Dump writes the projections in their canonical form (spec/07-log.md, section 8): every
// ordinary table in the order of its name, every row in the order of the primary key and
// then of all columns. Virtual tables and their shadow tables are left out: they index what
// stands elsewhere, in an order of their own. The same log gives the same bytes.
func (v *Vault) Dump(ctx context.Context, w io.Writer) error {
	c, err := v.view.readers.Conn(ctx)
	if err != nil {
		return dbError(viewFile, err)
	}
	defer c.Close()
	out := bufio.NewWriter(w)
	err = c.Raw(func(dc any) error {
		conn := dc.(driver.Conn).Raw()
		tx := conn.Begin() // one state for all tables
		defer tx.Rollback()
		return dump(conn, out)
	})
	if err != nil {
		return dbError(viewFile, err)
	}
	return out.Flush()
}

func dump(c *sqlite3.Conn, out *bufio.Writer) error {
	tables, err := column(c, `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
		AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name NOT LIKE 'vault\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		return err
	}
	for _, t := range tables {
		if err := dumpTable(c, t, out); err != nil {
			return err
		}
	}
	return nil
}

func dumpTable(c *sqlite3.Conn, table string, out *bufio.Writer) error {
	name := sqlite3.Quote(table)
	columns, err := column(c, `SELECT name FROM pragma_table_info(`+name+`) ORDER BY cid`)
	if err != nil {
		return err
	}
	order, err := column(c, `SELECT name FROM pragma_table_info(`+name+`) ORDER BY pk = 0, pk, cid`)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "table %s", table)
	for i := range columns {
		fmt.Fprintf(out, " %s", columns[i])
		columns[i] = sqlite3.QuoteIdentifier(columns[i])
		order[i] = sqlite3.QuoteIdentifier(order[i]) + " COLLATE BINARY"
	}
	out.WriteByte('\n')
	s, _, err := c.Prepare("SELECT " + strings.Join(columns, ", ") + " FROM " + sqlite3.QuoteIdentifier(table) +
		" ORDER BY " + strings.Join(order, ", "))
	if err != nil {
		return err
	}
	defer s.Close()
	for s.Step() {
		for i := range columns {
			if i > 0 {
				out.WriteByte('\t')
			}
			dumpValue(s, i, out)
		}
		out.WriteByte('\n')
	}
	return s.Err()
}

// dumpValue writes a letter for the type and the value in ASCII.
func dumpValue(s *sqlite3.Stmt, i int, out *bufio.Writer) {
	switch s.ColumnType(i) {
	case sqlite3.INTEGER:
		out.WriteString("i" + strconv.FormatInt(s.ColumnInt64(i), 10))
	case sqlite3.FLOAT:
		fmt.Fprintf(out, "f%016x", math.Float64bits(s.ColumnFloat(i)))
	case sqlite3.TEXT:
		out.WriteString("t" + strconv.QuoteToASCII(s.ColumnText(i)))
	case sqlite3.BLOB:
		out.WriteString("b" + hex.EncodeToString(s.ColumnRawBlob(i)))
	default:
		out.WriteString("n")
	}
}

func column(c *sqlite3.Conn, query string) ([]string, error) {
	s, _, err := c.Prepare(query)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var out []string
	for s.Step() {
		out = append(out, s.ColumnText(0))
	}
	return out, s.Err()
}
