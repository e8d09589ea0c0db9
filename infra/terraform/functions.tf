# The function on its schedule, and the one that draws and writes nothing.

data "aws_partition" "here" {}
data "aws_region" "here" {}
data "aws_caller_identity" "here" {}

locals {
  login = {
    MSK-IAM       = { protocol = "SASL_SSL", mechanism = "AWS_MSK_IAM" }
    SCRAM-SHA-512 = { protocol = "SASL_SSL", mechanism = "SCRAM-SHA-512" }
    SCRAM-SHA-256 = { protocol = "SASL_SSL", mechanism = "SCRAM-SHA-256" }
    PLAIN         = { protocol = "SASL_SSL", mechanism = "PLAIN" }
    OAUTHBEARER   = { protocol = "SASL_SSL", mechanism = "OAUTHBEARER" }
    MTLS          = { protocol = "SSL", mechanism = "" }
    TLS           = { protocol = "SSL", mechanism = "" }
  }
  lookup   = var.bootstrap_servers == ""
  password = contains(["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"], var.authentication)
  oauth    = var.authentication == "OAUTHBEARER"
  mtls     = var.authentication == "MTLS"
  in_vpc   = length(var.subnet_ids) > 0
  hours    = floor(var.period / 60)
  # A rate would start at any second; the history needs whole minutes.
  cron = (
    var.period < 60 ? "cron(0/${var.period} * * * ? *)" :
    local.hours == 1 ? "cron(0 * * * ? *)" :
    local.hours == 24 ? "cron(0 0 * * ? *)" : "cron(0 0/${local.hours} * * ? *)"
  )

  # Together they may take 4 KB, as JSON: what is empty is left out, and each variable has a length at which all of them fit.
  variables = { for name, value in {
    KAFKA_BOOTSTRAP_SERVERS                   = var.bootstrap_servers
    KAFKA_CLUSTER_ARN                         = local.lookup ? var.cluster_arn : ""
    KAFKA_CLUSTER_NETWORK                     = local.lookup ? var.cluster_network : ""
    KAFKA_SECURITY_PROTOCOL                   = local.login[var.authentication].protocol
    KAFKA_SASL_MECHANISM                      = local.login[var.authentication].mechanism
    KAFKA_SASL_SECRET                         = local.password || local.oauth ? var.secret_arn : ""
    KAFKA_SASL_AWS_ROLE_ARN                   = var.role_arn
    KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL = local.oauth ? var.oauth_token_url : ""
    KAFKA_SASL_OAUTHBEARER_SCOPE              = local.oauth ? var.oauth_scope : ""
    KAFKA_SASL_OAUTHBEARER_EXTENSIONS         = local.oauth ? var.oauth_extensions : ""
    KAFKA_SSL_KEYSTORE                        = local.mtls ? var.secret_arn : ""
    KAFKA_SSL_KEYSTORE_PASSWORD               = local.mtls ? var.key_password : ""
    KAFKA_SSL_TRUSTSTORE                      = var.truststore
    MEERKAT_CLUSTER                           = var.cluster
    MEERKAT_PERIOD                            = tostring(var.period)
    MEERKAT_PARTS                             = tostring(var.parts)
    MEERKAT_GROUPS                            = var.groups
    MEERKAT_TOPICS                            = var.topics
    MEERKAT_EXPECT                            = var.expect
    MEERKAT_OWNERS                            = var.owners
    MEERKAT_ALLOWED_LAG                       = var.allowed_lag
    MEERKAT_OBJECTIVE                         = var.objective
    MEERKAT_ABANDONED                         = var.abandoned
    MEERKAT_LAG_SECONDS                       = tostring(var.ages)
    MEERKAT_UNASSIGNED_ALARMS                 = var.unassigned
    MEERKAT_UNCOMMITTED_ALARMS                = var.uncommitted
    MEERKAT_CLUSTER_ALARMS                    = var.cluster_alarms == "on" ? "on" : ""
    MEERKAT_WATCH                             = var.watch
    MEERKAT_NAMESPACE                         = var.namespace
    MEERKAT_STATE_NAMESPACE                   = "${var.namespace}/State"
    MEERKAT_PUBLISH                           = local.otlp ? "otlp" : ""
    OTEL_EXPORTER_OTLP_ENDPOINT               = local.otlp ? "https://monitoring.${data.aws_region.here.region}.${data.aws_partition.here.dns_suffix}" : ""
    MEERKAT_METRICS_DETAIL                    = var.metrics_detail
    MEERKAT_METRICS_LIMIT                     = local.otlp ? "" : tostring(var.metrics_limit)
    MEERKAT_CHANGES_TOPIC                     = var.changes_topic_arn
    MEERKAT_LOG                               = var.log_level
    AWS_USE_DUALSTACK_ENDPOINT                = var.dual_stack == "on" ? "true" : ""
    AWS_USE_FIPS_ENDPOINT                     = var.fips == "on" ? "true" : ""
    HTTPS_PROXY                               = var.https_proxy
    NO_PROXY                                  = var.https_proxy == "" ? "" : var.no_proxy
  } : name => value if value != "" }
  # The widget publishes nothing and sends no messages.
  of_checker = ["MEERKAT_METRICS_LIMIT", "MEERKAT_CHANGES_TOPIC", "OTEL_EXPORTER_OTLP_ENDPOINT"]
  of_widget = merge(
    { for name, value in local.variables : name => value if !contains(local.of_checker, name) },
    { MEERKAT_PUBLISH = "off" },
    local.burrow_login ? { MEERKAT_BURROW_LOGIN = var.burrow_login } : {},
  )
}

resource "aws_cloudwatch_log_group" "logs" {
  name              = "/meerkat/${var.name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_key_arn == "" ? null : var.log_key_arn
}

resource "aws_lambda_function" "checker" {
  function_name                  = "meerkat-${var.name}"
  description                    = "Checks the consumer groups of ${var.cluster} every ${var.period} min."
  filename                       = var.zip
  source_code_hash               = filebase64sha256(var.zip)
  role                           = aws_iam_role.checker.arn
  architectures                  = ["arm64"]
  runtime                        = "provided.al2023"
  handler                        = "bootstrap"
  memory_size                    = var.memory_size
  timeout                        = var.timeout
  kms_key_arn                    = var.variables_key_arn == "" ? null : var.variables_key_arn
  reserved_concurrent_executions = var.reserved_concurrency
  publish                        = true

  # Lambda's network interfaces go with these rights, so they are there before, and until after.
  depends_on = [aws_iam_role_policy_attachment.read, aws_iam_role_policy.publish]

  environment {
    variables = local.variables
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.logs.name
  }
  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids                  = var.subnet_ids
      security_group_ids          = var.security_group_ids
      ipv6_allowed_for_dual_stack = var.ipv6 == "on"
    }
  }
}

# Back to the version before: aws lambda update-alias, or its number here.
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.checker.function_name
  function_version = aws_lambda_function.checker.version
}

resource "aws_lambda_function_event_invoke_config" "once" {
  function_name                = aws_lambda_function.checker.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60

  dynamic "destination_config" {
    for_each = var.failure_topic_arn != "" || var.success_topic_arn != "" ? [1] : []
    content {
      dynamic "on_failure" {
        for_each = var.failure_topic_arn == "" ? [] : [var.failure_topic_arn]
        content {
          destination = on_failure.value
        }
      }
      dynamic "on_success" {
        for_each = var.success_topic_arn == "" ? [] : [var.success_topic_arn]
        content {
          destination = on_success.value
        }
      }
    }
  }
}

resource "aws_scheduler_schedule" "part" {
  for_each = { for number in range(1, var.parts + 1) : tostring(number) => "${number}/${var.parts}" }

  name                         = "meerkat-${var.name}-${each.key}"
  description                  = "A run for ${var.cluster}, part ${each.value}."
  schedule_expression          = local.cron
  schedule_expression_timezone = "UTC"

  flexible_time_window {
    mode = "OFF"
  }
  target {
    arn      = aws_lambda_alias.live.arn
    role_arn = aws_iam_role.schedule.arn
    # Written out: jsonencode would escape the angle brackets that Scheduler fills in.
    input = join("", [
      "{\"scheduled\": \"<aws.scheduler.scheduled-time>\", \"execution\": \"<aws.scheduler.execution-id>\", \"attempt\": \"<aws.scheduler.attempt-number>\"",
      var.parts > 1 ? ", \"part\": \"${each.value}\"}" : "}",
    ])
    retry_policy {
      maximum_retry_attempts       = 0
      maximum_event_age_in_seconds = 60
    }
  }
}

resource "aws_lambda_function" "widget" {
  # Dashboards offer functions whose names begin so.
  function_name    = "customWidgetMeerkat-${var.name}"
  description      = "Draws the consumer groups of ${var.cluster} on a dashboard; writes nothing."
  filename         = var.zip
  source_code_hash = filebase64sha256(var.zip)
  role             = aws_iam_role.widget.arn
  architectures    = ["arm64"]
  runtime          = "provided.al2023"
  handler          = "bootstrap"
  memory_size      = var.memory_size
  timeout          = var.timeout
  kms_key_arn      = var.variables_key_arn == "" ? null : var.variables_key_arn

  depends_on = [aws_iam_role_policy_attachment.read]

  environment {
    variables = local.of_widget
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.logs.name
  }
  dynamic "vpc_config" {
    for_each = local.in_vpc ? [1] : []
    content {
      subnet_ids                  = var.subnet_ids
      security_group_ids          = var.security_group_ids
      ipv6_allowed_for_dual_stack = var.ipv6 == "on"
    }
  }
}

# The function that cannot write is the one that answers strangers.
resource "aws_lambda_function_url" "burrow" {
  count = var.burrow_url == "off" ? 0 : 1

  function_name = aws_lambda_function.widget.function_name
  # Without IAM only where the function itself refuses whoever does not log in.
  authorization_type = local.burrow_login ? "NONE" : "AWS_IAM"
}

# Since October 2025 a caller needs both.
resource "aws_lambda_permission" "burrow_call" {
  count = local.burrow_calls ? 1 : 0

  function_name          = aws_lambda_function.widget.function_name
  action                 = "lambda:InvokeFunctionUrl"
  principal              = local.burrow_login ? "*" : var.burrow_callers
  function_url_auth_type = local.burrow_login ? "NONE" : "AWS_IAM"
}

resource "aws_lambda_permission" "burrow_invoke" {
  count = local.burrow_calls ? 1 : 0

  function_name            = aws_lambda_function.widget.function_name
  action                   = "lambda:InvokeFunction"
  principal                = local.burrow_login ? "*" : var.burrow_callers
  invoked_via_function_url = true
}
