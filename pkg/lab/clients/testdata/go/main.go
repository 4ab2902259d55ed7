// Command identity asks AWS STS who it is, as a later step's program would: with the
// SDK's default chain of credential providers. It asks as often as its second
// argument says, a line for each answer.
package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func main() {
	if err := run(context.Background(), os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint, times string) error {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = aws.String(endpoint) })
	n, err := strconv.Atoi(times)
	for i := 0; i < n && err == nil; i++ {
		if i > 0 {
			time.Sleep(time.Second)
		}
		var id *sts.GetCallerIdentityOutput
		if id, err = client.GetCallerIdentity(ctx, nil); err == nil {
			fmt.Println(aws.ToString(id.Arn))
		}
	}
	return err
}
