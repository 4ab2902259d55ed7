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
		if !ValidRegion(region) || PartitionOf(region) != want {
			t.Errorf("%s: %s, want %s", region, PartitionOf(region), want)
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
			t.Fatalf("%q: %s", full, problem)
		}
		if got != want {
			t.Fatalf("%q: %+v, want %+v", full, got, want)
		}
		for _, wrong := range []string{full + "\n", " " + full, full + "/", strings.ToUpper(full)} {
			if _, problem := ParseRoleARN(wrong); problem == "" {
				t.Fatalf("%q was accepted", wrong)
			}
		}
	})
}
