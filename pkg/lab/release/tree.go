package release

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// member is one key of an object.
type member struct {
	key   string
	value any
}

// object is a JSON object that keeps the order of its keys: the order of a pick
// list's options is the order in which users see them.
type object struct{ members []member }

// parseTree reads JSON into *object, []any, string, json.Number, bool and nil.
func parseTree(doc []byte) (*object, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	v, err := parseValue(d)
	if err != nil {
		return nil, fmt.Errorf("reading JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("reading JSON: text after the document")
	}
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("reading JSON: not an object")
	}
	return o, nil
}

func parseValue(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return parseObject(d)
	case json.Delim('['):
		return parseArray(d)
	}
	return token, nil
}

func parseObject(d *json.Decoder) (*object, error) {
	o := &object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		o.members = append(o.members, member{key.(string), value})
	}
	_, err := d.Token()
	return o, err
}

func parseArray(d *json.Decoder) ([]any, error) {
	list := []any{}
	for d.More() {
		value, err := parseValue(d)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	_, err := d.Token()
	return list, err
}

// get walks down the keys and returns nil where one does not exist.
func (o *object) get(keys ...string) any {
	var v any = o
	for _, key := range keys {
		parent, ok := v.(*object)
		if !ok {
			return nil
		}
		v = nil
		for _, m := range parent.members {
			if m.key == key {
				v = m.value
			}
		}
	}
	return v
}

// text is get for a string; empty where there is none.
func (o *object) text(keys ...string) string {
	s, _ := o.get(keys...).(string)
	return s
}

// objects is get for an array of objects.
func (o *object) objects(keys ...string) []*object {
	list, _ := o.get(keys...).([]any)
	found := make([]*object, 0, len(list))
	for _, v := range list {
		if child, ok := v.(*object); ok {
			found = append(found, child)
		}
	}
	return found
}

// set replaces the value of a key or appends it.
func (o *object) set(key string, value any) {
	for i := range o.members {
		if o.members[i].key == key {
			o.members[i].value = value
			return
		}
	}
	o.members = append(o.members, member{key, value})
}

// drop removes a key.
func (o *object) drop(key string) {
	kept := o.members[:0]
	for _, m := range o.members {
		if m.key != key {
			kept = append(kept, m)
		}
	}
	o.members = kept
}

// MarshalJSON writes the keys in their order.
func (o *object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o.members {
		if i > 0 {
			b.WriteByte(',')
		}
		if err := encodeMember(&b, m); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

func encodeMember(b *bytes.Buffer, m member) error {
	key, err := json.Marshal(m.key)
	if err != nil {
		return err
	}
	b.Write(append(key, ':'))
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	return enc.Encode(m.value)
}

// render is the tree as an indented document.
func (o *object) render() ([]byte, error) {
	var raw, out bytes.Buffer
	enc := json.NewEncoder(&raw)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(o); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	if err := json.Indent(&out, bytes.TrimSpace(raw.Bytes()), "", "  "); err != nil {
		return nil, fmt.Errorf("writing JSON: %w", err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
