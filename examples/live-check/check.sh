#!/bin/sh
# Judges one check of live-check.yml by the values in its environment. Prints
# PASS or FAIL, the check's name, and what was seen. Status 0 pass, 1 fail.
#
# SUBJECT, ISSUER, ROLE_ARN   outputs of the step under test
# ORGANISATION                System.CollectionId, the id that the set-up page relies on
# WANT                        what SUBJECT or the caller's ARN has to be
# CALLER                      ARN that aws sts get-caller-identity printed
set -u

pass() { printf 'PASS %s: %s\n' "$check" "$1"; exit 0; }
fail() { printf 'FAIL %s: %s\n' "$check" "$1"; exit 1; }

# An output that was never set arrives as the unexpanded macro $(step.name).
given() {
  # shellcheck disable=SC2016 # the text of a macro is meant
  case $1 in
    '' | '$('*) return 1 ;;
    *) return 0 ;;
  esac
}

check=${1:-}
case $check in
  install)
    given "${ISSUER:-}" || fail 'the task did not run to its end; read its log'
    pass "the task was installed and ran; issuer $ISSUER" ;;
  issuer)
    given "${ISSUER:-}" || fail 'there is no issuer; read the log of the step'
    [ "$ISSUER" = "https://vstoken.dev.azure.com/$ORGANISATION" ] || fail "the issuer is $ISSUER, the organisation's id is $ORGANISATION"
    pass "the issuer ends in the organisation's id $ORGANISATION" ;;
  pinned-connection)
    given "${ROLE_ARN:-}" || fail 'role and region of the connection did not arrive, or AWS denied; read the log of the step'
    pass "role and region came from the connection: $ROLE_ARN" ;;
  subject)
    given "${SUBJECT:-}" || fail 'there is no subject; read the log of the step'
    [ "$SUBJECT" = "$WANT" ] || fail "the subject is $SUBJECT, expected $WANT"
    pass "the subject is $SUBJECT" ;;
  entra-direct)
    given "${ISSUER:-}" || fail 'AWS did not accept the token, or the step failed before; read its log'
    case $ISSUER in
      https://login.microsoftonline.com/*/v2.0) pass "AWS accepted a token that Entra issued: $ISSUER" ;;
      *) fail "the connection is not converted, its issuer is $ISSUER" ;;
    esac ;;
  caller)
    given "${CALLER:-}" || fail 'the AWS CLI got no credentials from the profile'
    given "${WANT:-}" || fail 'the step that writes the profile did not end well; read its log'
    [ "$CALLER" = "$WANT" ] || fail "the caller is $CALLER, expected $WANT"
    pass "the profile gives $CALLER" ;;
  *)
    check=usage
    fail 'check.sh install|issuer|pinned-connection|subject|entra-direct|caller' ;;
esac
