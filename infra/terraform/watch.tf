# The alarms of alarms.tf as resources.

resource "aws_cloudwatch_metric_alarm" "by_group" {
  for_each = local.wanted_by_group

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = local.otlp ? null : each.value.comparison
  threshold           = local.otlp ? null : each.value.threshold
  evaluation_periods  = local.otlp ? null : each.value.evaluations
  datapoints_to_alarm = local.otlp ? null : each.value.datapoints
  treat_missing_data  = local.otlp ? null : each.value.missing_data
  evaluation_interval = local.otlp ? 60 : null
  alarm_actions       = each.value.pages ? local.topics : []
  ok_actions          = each.value.ends ? local.topics : []

  dynamic "metric_query" {
    for_each = local.otlp ? [] : [each.value.query]
    content {
      id          = "worst"
      expression  = metric_query.value
      period      = local.window
      return_data = true
    }
  }
  dynamic "evaluation_criteria" {
    for_each = local.otlp ? [each.value] : []
    content {
      promql_criteria {
        query           = evaluation_criteria.value.promql
        pending_period  = evaluation_criteria.value.pending
        recovery_period = evaluation_criteria.value.recovery
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "single" {
  for_each = local.single

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = local.by_metric[each.key] ? each.value.namespace : null
  metric_name         = local.by_metric[each.key] ? each.value.metric : null
  dimensions          = local.by_metric[each.key] ? each.value.dimensions : null
  statistic           = local.by_metric[each.key] ? each.value.statistic : null
  period              = local.by_metric[each.key] ? each.value.seconds : null
  comparison_operator = local.in_promql[each.key] ? null : each.value.comparison
  threshold           = local.in_promql[each.key] ? null : each.value.threshold
  evaluation_periods  = local.in_promql[each.key] ? null : each.value.evaluations
  datapoints_to_alarm = local.in_promql[each.key] ? null : each.value.datapoints
  treat_missing_data  = local.in_promql[each.key] ? null : each.value.missing_data
  evaluation_interval = local.in_promql[each.key] ? 60 : null
  alarm_actions       = each.value.pages ? local.topics : []
  ok_actions          = each.value.ends ? local.ends : []

  dynamic "metric_query" {
    for_each = each.key == "first-run" ? local.finished : {}
    content {
      id          = metric_query.key
      expression  = metric_query.value.expression
      return_data = metric_query.key == "finished"

      dynamic "metric" {
        for_each = metric_query.value.metric == "" ? [] : [metric_query.value.metric]
        content {
          namespace   = "AWS/Lambda"
          metric_name = metric.value
          dimensions  = { FunctionName = "meerkat-${var.name}" }
          period      = local.seconds
          stat        = "Sum"
        }
      }
    }
  }
  dynamic "evaluation_criteria" {
    for_each = local.in_promql[each.key] ? [each.value] : []
    content {
      promql_criteria {
        query           = evaluation_criteria.value.promql
        pending_period  = evaluation_criteria.value.pending
        recovery_period = evaluation_criteria.value.recovery
      }
    }
  }
}

resource "aws_cloudwatch_composite_alarm" "nobody_watches" {
  alarm_name        = "${var.name}-nobody-watches"
  alarm_description = "Runs for ${var.cluster} finished earlier, and now no run of any part finishes: nothing is monitored. If …-blind-runs is in ALARM too, they start and cannot read Kafka; otherwise they do not start, or crash. …-page is silent until a run finishes."
  alarm_rule        = local.nobody_rule
  alarm_actions     = local.topics
  ok_actions        = local.ends

  depends_on = [aws_cloudwatch_metric_alarm.single]
}

resource "aws_cloudwatch_composite_alarm" "part_missing" {
  count = var.parts > 1 ? 1 : 0

  alarm_name        = "${var.name}-part-missing"
  alarm_description = "Some parts of the runs for ${var.cluster} do not finish, and others do: the groups of a part whose alarm …-part-NUMBER is in ALARM are not checked."
  alarm_rule        = local.part_rule
  alarm_actions     = local.topics
  ok_actions        = local.ends

  depends_on = [aws_cloudwatch_metric_alarm.single]
}

resource "aws_cloudwatch_composite_alarm" "page" {
  alarm_name        = "${var.name}-page"
  alarm_description = "Something about ${var.cluster} needs attention: one page for every alarm that sends none of its own. Silent while nobody watches."
  alarm_rule        = local.page_rule
  alarm_actions     = local.topics
  ok_actions        = local.ends

  actions_suppressor {
    alarm            = aws_cloudwatch_composite_alarm.nobody_watches.alarm_name
    wait_period      = 60
    extension_period = 180
  }

  depends_on = [aws_cloudwatch_metric_alarm.single, aws_cloudwatch_metric_alarm.by_group]
}

locals {
  alarm_arn = "arn:${data.aws_partition.here.partition}:cloudwatch:${data.aws_region.here.region}:${data.aws_caller_identity.here.account_id}:alarm:${var.name}"
  dollar    = "$"
  # The template's text, with CloudFormation's names and escapes made Terraform's.
  dashboard = replace(
    replace(
      replace(file("${path.module}/../${local.otlp ? "dashboard-otlp" : "dashboard"}.json"), "${local.dollar}{AWS::Region}", data.aws_region.here.region),
      "/\"(period|step)\": 60/",
      "\"$1\": ${local.seconds}",
    ),
    "${local.dollar}{!",
    "${local.dollar}${local.dollar}{",
  )
}

resource "aws_cloudwatch_dashboard" "groups" {
  dashboard_name = "meerkat-${var.name}"
  dashboard_body = templatestring(local.dashboard, {
    Cluster        = var.cluster
    Namespace      = var.namespace
    Reach          = local.reach
    Checker        = aws_lambda_function.checker.function_name
    Widget         = { Arn = aws_lambda_function.widget.arn }
    Page           = { Arn = "${local.alarm_arn}-page" }
    NobodyWatches  = { Arn = "${local.alarm_arn}-nobody-watches" }
    BlindRuns      = { Arn = "${local.alarm_arn}-blind-runs" }
    GroupStatus    = { Arn = "${local.alarm_arn}-group-status" }
    LostOffsets    = { Arn = "${local.alarm_arn}-lost-offsets" }
    LossAhead      = { Arn = "${local.alarm_arn}-loss-ahead" }
    UnknownGroups  = { Arn = "${local.alarm_arn}-unknown-groups" }
    FunctionErrors = { Arn = "${local.alarm_arn}-function-errors" }
  })
}
