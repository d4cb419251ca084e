package metadata

import (
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/aigclabel/aigclabel/internal/jsonscan"
)

// maxYAML bounds a record in YAML, whose tree is much larger than its text.
const maxYAML = 64 << 10

// parseYAML reads the statement's text as a YAML mapping: a record, or an entry
// AIGC that holds one. Text that is not YAML is read line by line.
func (s *statement) parseYAML(depth int) bool {
	if len(s.text) > maxYAML || !startsYAML(s.text) {
		return false
	}
	text := strings.TrimRight(s.text, "\x00")
	if members := ownYAML(text); len(members) > 0 {
		s.members, s.notation = members, yamlBlock
		return true
	}
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil || len(doc.Content) == 0 {
		return s.parseLines(text)
	}
	mapping, named := doc.Content[0], false
	for {
		inner := entry(mapping)
		if inner == nil {
			break
		}
		mapping, named = inner, true
	}
	if mapping.Kind == yaml.ScalarNode && named {
		return s.yamlString(positions(text, []*yaml.Node{mapping})[0], mapping.Value, depth)
	}
	if mapping.Kind != yaml.MappingNode || len(mapping.Content) > 2*maxMembers {
		return false
	}
	members := yamlMembers(text, mapping)
	if !isRecord(members, named) {
		return false
	}
	s.members, s.notation = members, yamlBlock
	if mapping.Style&yaml.FlowStyle != 0 {
		s.notation = yamlFlow
		s.open = positions(text, []*yaml.Node{mapping})[0] + len("{")
	}
	return true
}

// ownYAML reads what [Record.yaml] writes, without a tree. It returns nil for all else.
func ownYAML(text string) []member {
	const head, indent = "AIGC:\n", "  "
	if !strings.HasPrefix(text, head) {
		return nil
	}
	members := make([]member, 0, len(keys))
	for pos := len(head); pos < len(text); {
		line, _, _ := strings.Cut(text[pos:], "\n")
		name, value, _ := strings.Cut(strings.TrimPrefix(line, indent), ": '")
		value, closed := strings.CutSuffix(value, "'")
		key := slices.Index(keys[:], name)
		special := func(c rune) bool { return c < ' ' || c > '~' || c == '\'' }
		switch last := len(members) - 1; {
		case !strings.HasPrefix(line, indent+name+": '") || !closed || key < 0 || strings.ContainsFunc(value, special):
			return nil
		case last >= 0 && members[last].key >= key:
			return nil
		}
		m := member{name: name, key: key, value: value, text: true, keyAt: pos + len(indent), end: pos + len(line)}
		m.colon = m.keyAt + len(name)
		m.at = m.colon + len(": ")
		members = append(members, m)
		pos = m.end + len("\n")
	}
	return members
}

// yamlString reads the record in a string, the scalar at pos.
func (s *statement) yamlString(pos int, value string, depth int) bool {
	if end, ok := scanQuoted(s.text, pos); ok {
		if s.text[pos] == '"' {
			return s.enterString(pos, depth)
		}
		return s.enter(pos+1, end-1, singleChar, doubleSingle, depth)
	}
	inner := statement{layers: s.layers}
	if !inner.parse(value, depth-1) {
		return false
	}
	*s = inner
	s.broken = true // a block scalar: its text is not that of the file
	s.odd(Escaped, "")
	return true
}

// singleChar decodes the first character of a scalar in single quotes, and
// returns its length.
func singleChar(s string) (string, int) {
	if strings.HasPrefix(s, "''") {
		return "'", 2
	}
	return s[:1], 1
}

func doubleSingle(s string) string { return strings.ReplaceAll(s, "'", "''") }

// startsYAML reports whether text starts with a key of a record, or with a brace
// and a key that JSON does not have.
func startsYAML(text string) bool {
	text = text[start(text):]
	if strings.HasPrefix(text, "{") {
		return !strings.HasPrefix(text[skip(text, 1):], `"`)
	}
	name, _, ok := strings.Cut(text, ":")
	name = strings.Trim(name, ` "'`)
	return ok && (name == "AIGC" || keyIndex(name) >= 0)
}

// entry returns the value of the last AIGC key of a mapping, nil if there is none.
func entry(mapping *yaml.Node) *yaml.Node {
	for i := len(mapping.Content) - 2; i >= 0 && mapping.Kind == yaml.MappingNode; i -= 2 {
		if strings.EqualFold(mapping.Content[i].Value, "AIGC") {
			return mapping.Content[i+1]
		}
	}
	return nil
}

// yamlMembers returns the members of a mapping with their places in text.
func yamlMembers(text string, mapping *yaml.Node) []member {
	at := positions(text, mapping.Content)
	members := make([]member, 0, len(mapping.Content)/2)
	for i := 0; i < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		m := member{name: key.Value, key: keyIndex(key.Value), keyAt: at[i]}
		m.colon = keyEnd(text, m.keyAt, key.Value)
		limit := len(text)
		if i+2 < len(at) {
			limit = at[i+2]
		}
		m.place(text, limit, mapping.Style&yaml.FlowStyle != 0, value)
		switch {
		case value.Kind != yaml.ScalarNode:
			m.value = text[m.at:m.end]
		case value.Tag != "!!null":
			m.text, m.value = value.Tag == "!!str", value.Value
		}
		members = append(members, m)
	}
	return members
}

// positions returns where nodes start in text.
func positions(text string, nodes []*yaml.Node) []int {
	at := make([]int, len(nodes))
	line, pos := 1, 0
	for i, n := range nodes {
		for line < n.Line && pos < len(text) {
			pos += lineLength(text[pos:])
			line++
		}
		at[i] = pos
		for range n.Column - 1 {
			_, size := utf8.DecodeRuneInString(text[at[i]:])
			at[i] += size
		}
	}
	return at
}

// lineLength returns the length of the first line of text with its YAML break.
func lineLength(text string) int {
	i := strings.IndexAny(text, "\r\n\u0085\u2028\u2029")
	if i < 0 {
		return len(text)
	}
	if strings.HasPrefix(text[i:], "\r\n") {
		return i + 2
	}
	_, size := utf8.DecodeRuneInString(text[i:])
	return i + size
}

// keyEnd returns the position after the key at pos.
func keyEnd(text string, pos int, name string) int {
	if end, ok := scanQuoted(text, pos); ok {
		return end
	}
	return min(pos+len(name), len(text))
}

// scanQuoted returns the position after the quoted scalar at pos.
func scanQuoted(text string, pos int) (end int, ok bool) {
	if pos >= len(text) || text[pos] != '\'' && text[pos] != '"' {
		return pos, false
	}
	if text[pos] == '"' {
		return jsonscan.String(text, pos)
	}
	for i := pos + 1; i < len(text); i++ {
		switch {
		case text[i] != '\'':
		case i+1 < len(text) && text[i+1] == '\'':
			i++
		default:
			return i + 1, true
		}
	}
	return len(text), false
}

// place finds where the value of m stands, between its colon and limit.
func (m *member) place(text string, limit int, flow bool, value *yaml.Node) {
	from := m.colon + strings.IndexByte(text[m.colon:limit]+":", ':') + 1
	from = min(from, limit)
	m.at = from + len(text[from:limit]) - len(strings.TrimLeft(text[from:limit], " \t\r\n"))
	if value.Tag == "!!null" && value.Value == "" {
		m.at, m.end = from, from
		return
	}
	if end, ok := scanQuoted(text, m.at); ok && end <= limit {
		m.end = end
		return
	}
	region := text[m.at:limit]
	if flow {
		region = flowRegion(region, limit == len(text))
	} else {
		region = blockRegion(region)
	}
	m.end = m.at + len(region)
}

// flowRegion cuts what follows a value in a flow mapping: the comma, and the
// closing brace after the last.
func flowRegion(region string, last bool) string {
	if last {
		region = region[:max(strings.LastIndexByte(region, '}'), 0)]
	}
	return strings.TrimRight(region, ", \t\r\n")
}

// blockRegion cuts what follows a value in a block mapping: comments and empty lines.
func blockRegion(region string) string {
	for {
		region = strings.TrimRight(region, " \t\r\n")
		line := strings.LastIndexByte(region, '\n') + 1
		if line == 0 || !strings.HasPrefix(strings.TrimLeft(region[line:], " \t"), "#") {
			break
		}
		region = region[:line]
	}
	if i := strings.Index(region, " #"); i >= 0 && !strings.Contains(region, "\n") {
		region = strings.TrimRight(region[:i], " \t")
	}
	return region
}

// parseLines reads what it can of broken YAML: one member a line.
func (s *statement) parseLines(text string) bool {
	pos, named := start(text), false
	if strings.HasPrefix(text[pos:], "{") {
		return false
	}
	var members []member
	for line := range strings.Lines(text[pos:]) {
		name, value, ok := strings.Cut(line, ":")
		name = strings.Trim(name, " \t\"'")
		if named = named || name == "AIGC"; !ok || keyIndex(name) < 0 || len(members) == maxMembers {
			continue
		}
		value = strings.Trim(strings.TrimSpace(value), `"'`)
		members = append(members, member{name: name, key: keyIndex(name), value: value, text: true})
	}
	if !isRecord(members, named) {
		return false
	}
	s.members, s.broken = members, true
	s.odd(Malformed, "")
	return true
}

// yaml returns the record as the entry of a YAML front matter, a block mapping
// with all seven keys in order (TC260 text guide, 6.5).
func (r Record) yaml() []byte {
	b := []byte("AIGC:\n")
	for i, value := range r.values() {
		b = append(b, "  "+keys[i]+": "+quoteYAML(*value, '\'')+"\n"...)
	}
	return b
}

// quoteYAML returns s as a YAML scalar in single quotes, or in double quotes
// when asked for, or when s needs escapes.
func quoteYAML(s string, quote byte) string {
	if quote == '"' || !utf8.ValidString(s) || strings.ContainsFunc(s, unprintable) {
		return quoteJSON(s)
	}
	return "'" + doubleSingle(s) + "'"
}
