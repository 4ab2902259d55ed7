package trustpolicy

import "github.com/assume-aws-role/assume-aws-role/pkg/iam"

// Home is the partition and the account of the role whose policy this is: that of Role, or
// else that of an identity provider in the policy, because AWS accepts only those of the
// role's own account. What an Allow statement admits counts more than other statements,
// and then the given provider more than others. Both are empty when nothing tells.
func (p *Policy) Home(provider string) (partition iam.Partition, account iam.Account) {
	if p.Role.Given() {
		return p.Role.Partition, p.Role.Account
	}
	best := 0
	for _, s := range p.Statements {
		for _, arn := range s.Principals.Federated {
			m := oidcProvider().FindStringSubmatch(arn)
			if m == nil || isPattern(arn) {
				continue
			}
			rank := 1
			if m[3] == provider {
				rank++
			}
			if !s.Deny && !s.Principals.Except && !s.otherCallsOnly() {
				rank += 2
			}
			if rank > best {
				best, partition, account = rank, iam.Partition(m[1]), iam.Account(m[2])
			}
		}
	}
	return partition, account
}
