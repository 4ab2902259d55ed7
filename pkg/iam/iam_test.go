package iam

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestRegionPartition(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]Partition{
		"eu-west-1": "aws", "us-east-1": "aws", "il-central-1": "aws", "cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov",
		"eusc-de-east-1": "aws-eusc", "us-iso-east-1": "aws-iso", "us-isob-east-1": "aws-iso-b", "eu-isoe-west-1": "aws-iso-e", "us-isof-south-1": "aws-iso-f",
	} {
		if !ValidRegion(region) {
			t.Errorf("%s is not taken for a region", region)
		}
		if got := PartitionOf(region); got != want {
			t.Errorf("%s is in the partition %s, want %s", region, got, want)
		}
	}
	if longest := strings.Repeat("a", 59) + "-b-1"; !ValidRegion(longest) {
		t.Errorf("%s, of %d characters, is not taken for a region", longest, len(longest))
	}
	for _, s := range []string{"", "eu-west", "eu-1", "e-west-1", "eu-west-1a", "EU-west-1", "eu-west-1\n", " eu-west-1", "eu_west_1", "-west-1", strings.Repeat("a", 60) + "-b-1"} {
		if ValidRegion(s) {
			t.Errorf("%q is taken for a region", s)
		}
	}
}

func TestParseRoleARN(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := RoleARN{
			Partition: rapid.SampledFrom(Partitions()).Draw(t, "partition"),
			Account:   Account(rapid.StringMatching(`[0-9]{12}`).Draw(t, "account")),
			Path:      "/" + rapid.StringMatching(`([a-z]{1,5}/){0,2}`).Draw(t, "path"),
			Name:      rapid.StringMatching(`[A-Za-z0-9_+=,.@-]{1,64}`).Draw(t, "name"),
		}
		full := want.String()
		got, problem := ParseRoleARN(full)
		if problem != "" {
			t.Fatalf("%q is refused: it %s", full, problem)
		}
		if got != want {
			t.Fatalf("%q is read as %+v, want %+v", full, got, want)
		}
		for _, wrong := range []string{full + "\n", " " + full, full + "/", strings.ToUpper(full)} {
			if _, problem := ParseRoleARN(wrong); problem == "" {
				t.Fatalf("%q was accepted", wrong)
			}
		}
	})
}

// The last allowed and the first refused of each bound, and the ARNs that people paste by
// mistake.
func TestParseRoleARNRefusals(t *testing.T) {
	t.Parallel()
	longest := "/" + strings.Repeat("p", 510) + "/"
	for arn, want := range map[string]string{
		"arn:aws:iam::111122223333:role/" + strings.Repeat("r", 64): "",
		"arn:aws:iam::111122223333:role/" + strings.Repeat("r", 65): "role name of 1 to 64 characters",
		"arn:aws:iam::111122223333:role" + longest + "r":            "",
		"arn:aws:iam::111122223333:role" + longest + "/r":           "path of more than 512 characters",
		"arn:aws-iso-b:iam::111122223333:role/r":                    "is in the air-gapped partition aws-iso-b, whose STS",
		"arn:aws-mars:iam::111122223333:role/r":                     "names the unknown partition aws-mars (known: aws, aws-cn, aws-us-gov, aws-eusc)",
		"arn:aws:iam::11112222333:role/r":                           "is not a role ARN of the form arn:",
		"arn:aws:iam::1111222233334:role/r":                         "is not a role ARN of the form arn:",
		"arn:aws:iam::111122223333:role/":                           "is not a role ARN of the form arn:",
		"arn:aws:iam::111122223333:oidc-provider/i":                 "identity provider",
		"arn:aws:sts::111122223333:assumed-role/r/s":                "of a session, give the role itself",
		"arn:aws:iam::111122223333:instance-profile/r":              "instance profile",
		"arn:aws:iam::111122223333:user/u":                          "ARN of a user",
	} {
		got, problem := ParseRoleARN(arn)
		if (problem == "") != (want == "") || !strings.Contains(problem, want) {
			t.Errorf("%s: problem %q, want %q", arn, problem, want)
		}
		if got.Given() != (want == "") {
			t.Errorf("%s: a role is given: %v", arn, got.Given())
		}
	}
}

func TestNoRole(t *testing.T) {
	t.Parallel()
	if got := (RoleARN{Partition: Commercial, Account: "111122223333", Path: "/"}).String(); got != "" {
		t.Errorf("no role has the ARN %q", got)
	}
}

func TestParsePolicyARN(t *testing.T) {
	t.Parallel()
	for arn, want := range map[string]struct {
		p Partition
		a Account
	}{
		"arn:aws:iam::aws:policy/ReadOnlyAccess":         {Commercial, ManagedByAWS},
		"arn:aws-cn:iam::111122223333:policy/team/p":     {China, "111122223333"},
		"arn:aws:iam::111122223333:role/r":               {},
		"arn:aws:iam::11112222333:policy/p":              {},
		"arn:aws:iam::aws:policy/":                       {},
		"arn:aws:iam::aws:policy/p\n":                    {},
		"see arn:aws:iam::aws:policy/ReadOnlyAccess":     {},
		"arn:other:iam::aws:policy/ReadOnlyAccess":       {},
		"arn:aws:iam::awsaws:policy/ReadOnlyAccess":      {},
		"arn:aws:iam:eu-west-1:aws:policy/Administrator": {},
	} {
		p, a, ok := ParsePolicyARN(arn)
		if ok != (want.p != "") {
			t.Errorf("%q is read: %v", arn, ok)
		}
		if p != want.p || a != want.a {
			t.Errorf("%q: partition %q and account %q, want %q and %q", arn, p, a, want.p, want.a)
		}
	}
}

func TestProviderARN(t *testing.T) {
	t.Parallel()
	const want = "arn:aws-cn:iam::111122223333:oidc-provider/vstoken.dev.azure.com/0"
	if got := ProviderARN(China, "111122223333", "vstoken.dev.azure.com/0"); got != want {
		t.Errorf("ARN %s, want %s", got, want)
	}
}

// A session is the role's only when partition, account, role and session name are the same.
func TestSessionOf(t *testing.T) {
	t.Parallel()
	role := RoleARN{Partition: Commercial, Account: "111122223333", Path: "/team/", Name: "deploy"}
	for arn, want := range map[string]bool{
		"arn:aws:sts::111122223333:assumed-role/deploy/ado-7":      true,
		"arn:aws-cn:sts::111122223333:assumed-role/deploy/ado-7":   false,
		"arn:aws:sts::444455556666:assumed-role/deploy/ado-7":      false,
		"arn:aws:sts::111122223333:assumed-role/other/ado-7":       false,
		"arn:aws:sts::111122223333:assumed-role/deploy/ado-8":      false,
		"arn:aws:sts::111122223333:assumed-role/team/deploy/ado-7": false,
		"arn:aws:iam::111122223333:role/team/deploy":               false,
		"": false,
	} {
		if got := role.SessionOf(arn, "ado-7"); got != want {
			t.Errorf("%q is a session of the role: %v", arn, got)
		}
	}
}

// Regional, FIPS, dual-stack and VPC endpoints belong to the partition of their region and
// to no other (botocore, endpoint rule set of STS).
func TestSTSRegion(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]struct {
		region    string
		partition Partition
	}{
		"sts.amazonaws.com":                             {"us-east-1", Commercial},
		"STS.AmazonAWS.com":                             {"us-east-1", Commercial},
		"sts.eu-west-1.amazonaws.com":                   {"eu-west-1", Commercial},
		"sts.eu-west-1.api.aws":                         {"eu-west-1", Commercial},
		"sts-fips.us-east-2.amazonaws.com":              {"us-east-2", Commercial},
		"vpce-0a1b-c2.sts.eu-west-1.vpce.amazonaws.com": {"eu-west-1", Commercial},
		"vpce-" + strings.Repeat("0", 58) + ".sts.eu-west-1.vpce.amazonaws.com": {"eu-west-1", Commercial},
		"vpce-" + strings.Repeat("0", 59) + ".sts.eu-west-1.vpce.amazonaws.com": {},
		"sts.us-gov-west-1.amazonaws.com":                                       {"us-gov-west-1", GovCloud},
		"sts.cn-north-1.amazonaws.com.cn":                                       {"cn-north-1", China},
		"sts.cn-north-1.api.amazonwebservices.com.cn":                           {"cn-north-1", China},
		"sts.eusc-de-east-1.amazonaws.eu":                                       {"eusc-de-east-1", European},
		"sts.cn-north-1.amazonaws.com":                                          {},
		"sts.eu-west-1.amazonaws.com.cn":                                        {},
		"sts.eu-west-1.amazonaws.com.evil.example":                              {},
		"sts.us-iso-east-1.c2s.ic.gov":                                          {},
		"sts.us-iso-east-1.":                                                    {},
		"sts.nowhere.amazonaws.com":                                             {},
		"xsts.eu-west-1.amazonaws.com":                                          {},
		"vpce-0a1b.sts.eu-west-1.vpce.amazonaws.com.evil.example":               {},
		"s3.eu-west-1.amazonaws.com":                                            {},
		"":                                                                      {},
	} {
		for _, p := range append(Partitions(), "") {
			region, inPartition, ok := STSRegion(host, p)
			if ok != (want.region != "") {
				t.Errorf("%q is a host of STS: %v", host, ok)
			}
			if region != want.region {
				t.Errorf("%q signs for %q, want %q", host, region, want.region)
			}
			if belongs := ok && (p == "" || p == want.partition); inPartition != belongs {
				t.Errorf("%q belongs to %q: %v", host, p, inPartition)
			}
		}
	}
}

// Every regional host is one of STS in its own partition.
func TestRegionalSTS(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"eu-west-1":      "sts.eu-west-1.amazonaws.com",
		"us-gov-east-1":  "sts.us-gov-east-1.amazonaws.com",
		"cn-northwest-1": "sts.cn-northwest-1.amazonaws.com.cn",
		"eusc-de-east-1": "sts.eusc-de-east-1.amazonaws.eu",
	} {
		if got := RegionalSTS(PartitionOf(region), region); got != want {
			t.Errorf("host %s, want %s", got, want)
		}
	}
}

func TestAccountHasTwelveDigits(t *testing.T) {
	t.Parallel()
	for account, want := range map[Account]bool{
		"111122223333": true, "11112222333": false, "1111222233334": false, "11112222333x": false, "111122223333\n": false, "": false,
	} {
		if account.Valid() != want {
			t.Errorf("%q is valid: %v", account, !want)
		}
	}
}
