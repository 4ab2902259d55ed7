package pipeline

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/assume-aws-role/assume-aws-role/pkg/iam"
	"github.com/assume-aws-role/assume-aws-role/pkg/pattern"
	"github.com/assume-aws-role/assume-aws-role/pkg/secret"
)

// Limits of AssumeRole (AWS STS API reference, API_AssumeRole and API_Tag).
var (
	externalIDPattern = pattern.Lazy(`^[\w+=,.@:/-]{2,}$`)
	tagPattern        = pattern.Lazy(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$`)
)

const (
	maxExternalID = 1224
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
)

// chain checks the inputs of the group "Second role"; the role by assumes it.
func chain(in Inputs, by iam.RoleARN, p *problems) *Chain {
	if in.ChainRoleARN == "" {
		strayChainInputs(in, p)
		return nil
	}
	c := &Chain{ExternalID: secret.New(in.ChainExternalID), SourceIdentity: in.ChainSourceIdentity}
	if arn, problem := iam.ParseRoleARN(in.ChainRoleARN); problem == "" {
		c.ARN = arn
		if by.Given() && by.Partition != arn.Partition {
			p.add("chainRoleArn", "%s is in the partition %s, but the first role in %s; no session crosses partitions", p.plain("chainRoleArn", arn.String()), arn.Partition, by.Partition)
		}
	} else {
		p.about(in.ChainRoleARN, "chainRoleArn", "%s %s", p.shown("chainRoleArn", in.ChainRoleARN), problem)
	}
	if given(in.ChainExternalID) && (len(in.ChainExternalID) > maxExternalID || !externalIDPattern().MatchString(in.ChainExternalID)) {
		p.add("chainExternalId", "must be 2–1224 characters from A-Z a-z 0-9 _ + = , . @ : / -")
	}
	if v := in.ChainSourceIdentity; given(v) && (!validSessionName(v) || reserved(v)) {
		p.add("chainSourceIdentity", "%s must be 2–64 characters from A-Z a-z 0-9 _ + = , . @ - and must not begin with aws:", p.shown("chainSourceIdentity", v))
	}
	c.Tags = sessionTags(in.ChainSessionTags, p)
	c.TransitiveTagKeys = transitiveKeys(in.ChainTransitiveTagKeys, c.Tags, p)
	return c
}

// given reports whether a value is there and has no unresolved macro, which is
// reported elsewhere.
func given(s string) bool { return s != "" && !macro().MatchString(s) }

// reserved reports whether a name has the prefix that AWS keeps for itself.
func reserved(s string) bool { return strings.HasPrefix(strings.ToLower(s), "aws:") }

func strayChainInputs(in Inputs, p *problems) {
	for _, f := range in.all() {
		if strings.HasPrefix(f.name, "chain") && f.value != "" {
			p.add(f.name, "only used with chainRoleArn, which is empty")
		}
	}
}

func sessionTags(s string, p *problems) []iam.Tag {
	const input = "chainSessionTags"
	var tags []iam.Tag
	seen := map[string]bool{}
	for _, l := range pairs(input, s, p) {
		switch {
		case seen[strings.ToLower(l.key)]:
			p.add(input, "line %d repeats key %s; AWS compares keys without regard to case", l.number, p.shown(input, l.key))
		case macro().MatchString(l.key):
		case !tagPattern().MatchString(l.key) || utf8.RuneCountInString(l.key) > maxTagKey || reserved(l.key):
			p.add(input, "line %d: a key has 1 to %d letters, digits, spaces or _ . : / = + - @, and does not begin with aws:", l.number, maxTagKey)
		case !macro().MatchString(l.value) && (!tagPattern().MatchString(l.value) || utf8.RuneCountInString(l.value) > maxTagValue):
			p.add(input, "line %d: a value has at most %d letters, digits, spaces or _ . : / = + - @", l.number, maxTagValue)
		}
		seen[strings.ToLower(l.key)] = true
		tags = append(tags, iam.Tag{Key: l.key, Value: l.value})
	}
	if len(tags) > maxTags {
		p.add(input, "%d tags are given; AWS accepts at most %d", len(tags), maxTags)
	}
	return tags
}

// transitiveKeys are the keys whose tags a further role session inherits. Only a
// tag set here can be passed on: the first session has none.
func transitiveKeys(s string, tags []iam.Tag, p *problems) []string {
	var keys []string
	for _, l := range lines(s) {
		same := func(t iam.Tag) bool { return strings.EqualFold(t.Key, l.text) }
		i := slices.IndexFunc(tags, same)
		switch {
		case i >= 0 && slices.Contains(keys, tags[i].Key): // once is enough
		case i >= 0:
			keys = append(keys, tags[i].Key)
		case !p.inputs["chainSessionTags"]:
			p.about(l.text, "chainTransitiveTagKeys", "line %d: %s is not a key of chainSessionTags", l.number, p.shown("chainTransitiveTagKeys", l.text))
		}
	}
	return keys
}
