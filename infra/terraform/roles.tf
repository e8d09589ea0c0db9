# What each function may do: ../template.yaml says the same, and tests/infra/terraform.py holds the two against each other.

locals {
  msk   = split(":cluster/", var.cluster_arn)
  trust = split(":", "${var.truststore}::")[2]
  # The password's reference without its #KEY.
  password_arn  = split("#", var.key_password)[0]
  password_from = local.mtls ? split(":", "${var.key_password}::")[2] : ""
  has_secret    = local.password || local.oauth || local.mtls
  burrow_login  = var.burrow_url == "login"
  burrow_calls  = local.burrow_login || (var.burrow_url == "on" && var.burrow_callers != "")
  network       = ["AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "DescribeNetworkInterfaces", "DescribeSubnets", "UnassignPrivateIpAddresses"]
  topic_arns    = [for arn in [var.changes_topic_arn, var.failure_topic_arn, var.success_topic_arn] : arn if arn != ""]

  # What a run needs, without writing anything but logs.
  read = concat(
    [
      { actions = ["logs:CreateLogStream", "logs:PutLogEvents"], resources = ["${aws_cloudwatch_log_group.logs.arn}:*"] },
      # GetMetricData knows neither resources nor namespaces.
      { actions = ["cloudwatch:GetMetricData"], resources = ["*"] },
    ],
    var.authentication == "MSK-IAM" ? [
      { actions = ["kafka-cluster:Connect", "kafka-cluster:DescribeCluster"], resources = [var.cluster_arn] },
      { actions = ["kafka-cluster:DescribeTopic"], resources = ["${local.msk[0]}:topic/${local.msk[1]}/*"] },
      { actions = ["kafka-cluster:DescribeGroup"], resources = ["${local.msk[0]}:group/${local.msk[1]}/*"] },
    ] : [],
    # This action knows no resources.
    local.lookup ? [{ actions = ["kafka:GetBootstrapBrokers"], resources = ["*"] }] : [],
    local.has_secret ? [{ actions = ["secretsmanager:GetSecretValue"], resources = [var.secret_arn] }] : [],
    local.password_from == "secretsmanager" ? [{ actions = ["secretsmanager:GetSecretValue"], resources = [local.password_arn] }] : [],
    local.password_from == "ssm" ? [{ actions = ["ssm:GetParameter"], resources = [local.password_arn] }] : [],
    local.trust == "secretsmanager" ? [{ actions = ["secretsmanager:GetSecretValue"], resources = [var.truststore] }] : [],
    local.trust == "ssm" ? [{ actions = ["ssm:GetParameter"], resources = [var.truststore] }] : [],
    var.role_arn == "" ? [] : [{ actions = ["sts:AssumeRole"], resources = [var.role_arn] }],
    var.variables_key_arn == "" ? [] : [{ actions = ["kms:Decrypt"], resources = [var.variables_key_arn] }],
    # Lambda itself makes the network interfaces, with this role.
    local.in_vpc ? [{ actions = [for action in local.network : "ec2:${action}"], resources = ["*"] }] : [],
  )
}

data "aws_iam_policy_document" "read" {
  dynamic "statement" {
    for_each = local.read
    content {
      actions   = statement.value.actions
      resources = statement.value.resources
    }
  }
  dynamic "statement" {
    for_each = local.has_secret && var.secret_key_arn != "" ? [1] : []
    content {
      actions   = ["kms:Decrypt"]
      resources = [var.secret_key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${data.aws_region.here.region}.${data.aws_partition.here.dns_suffix}"]
      }
    }
  }
  # The code that runs has no business with the network.
  dynamic "statement" {
    for_each = local.in_vpc ? [1] : []
    content {
      effect    = "Deny"
      actions   = [for action in local.network : "ec2:${action}"]
      resources = ["*"]
      condition {
        test     = "ArnLike"
        variable = "lambda:SourceFunctionArn"
        values   = ["arn:${data.aws_partition.here.partition}:lambda:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:function:*"]
      }
    }
  }
}

data "aws_iam_policy_document" "publish" {
  statement {
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]
    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [var.namespace, "${var.namespace}/State"]
    }
  }
  # OpenTelemetry metrics have no namespace, so no condition on it holds for them.
  dynamic "statement" {
    for_each = local.otlp ? [1] : []
    content {
      actions   = ["cloudwatch:PutMetricData"]
      resources = ["*"]
    }
  }
  dynamic "statement" {
    for_each = length(local.topic_arns) > 0 ? [1] : []
    content {
      actions   = ["sns:Publish"]
      resources = local.topic_arns
    }
  }
  dynamic "statement" {
    for_each = length(local.topic_arns) > 0 && var.topic_key_arn != "" ? [1] : []
    content {
      actions   = ["kms:GenerateDataKey", "kms:Decrypt"]
      resources = [var.topic_key_arn]
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["sns.${data.aws_region.here.region}.${data.aws_partition.here.dns_suffix}"]
      }
    }
  }
}

data "aws_iam_policy_document" "assume" {
  for_each = toset(["lambda", "scheduler"])

  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
    dynamic "condition" {
      for_each = each.key == "scheduler" ? [1] : []
      content {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [data.aws_caller_identity.here.account_id]
      }
    }
  }
}

resource "aws_iam_policy" "read" {
  name_prefix = "meerkat-read-"
  policy      = data.aws_iam_policy_document.read.json
}

resource "aws_iam_role" "checker" {
  name_prefix          = "meerkat-checker-"
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.assume["lambda"].json
}

resource "aws_iam_role_policy" "publish" {
  role   = aws_iam_role.checker.id
  policy = data.aws_iam_policy_document.publish.json
}

resource "aws_iam_role" "widget" {
  name_prefix          = "meerkat-widget-"
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.assume["lambda"].json
}

# What Burrow's clients log in with is read by the function that they ask.
resource "aws_iam_role_policy" "burrow_login" {
  count = local.burrow_login ? 1 : 0

  role = aws_iam_role.widget.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = var.burrow_login }]
  })
}

resource "aws_iam_role_policy_attachment" "read" {
  for_each = { checker = aws_iam_role.checker.name, widget = aws_iam_role.widget.name }

  role       = each.value
  policy_arn = aws_iam_policy.read.arn
}

resource "aws_iam_role" "schedule" {
  name_prefix          = "meerkat-schedule-"
  permissions_boundary = var.permissions_boundary == "" ? null : var.permissions_boundary
  assume_role_policy   = data.aws_iam_policy_document.assume["scheduler"].json
}

resource "aws_iam_role_policy" "invoke" {
  role = aws_iam_role.schedule.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "lambda:InvokeFunction", Resource = aws_lambda_alias.live.arn }]
  })
}
