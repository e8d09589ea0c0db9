# What is raised: the same alarms as in ../template.yaml, and tests/infra/terraform.py holds the two against each other.

locals {
  seconds = var.period * 60
  status  = { WARN = 2, ERR = 3 }

  # One series for each group: its contributors are OK or ALARM, and what no look could tell is not published, and ignored here.
  by_group = {
    group-status = {
      description  = "A consumer group of ${var.cluster} is ${var.alarm_from} or worse; the contributors say which."
      query        = "SELECT MAX(\"Status\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = local.status[var.alarm_from]
      evaluations  = 1
      datapoints   = 1
      missing_data = "ignore"
      wanted       = true
      pages        = var.group_pages
    }
    lag-seconds = {
      description  = "A consumer group of ${var.cluster} has not read a record that is ${var.lag_seconds_alarm} s old; the contributors say which."
      query        = "SELECT MAX(\"LagSeconds\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanOrEqualToThreshold"
      threshold    = var.lag_seconds_alarm
      evaluations  = 3
      datapoints   = 2
      missing_data = "ignore"
      wanted       = var.lag_seconds_alarm > 0
      pages        = var.group_pages
    }
    # Nothing is published where nothing is lost: a contributor is there, in ALARM, while records are being lost, and is gone after.
    lost-offsets = {
      description  = "Retention deleted records of ${var.cluster} before a group read them; the contributors say which."
      query        = "SELECT MAX(\"LostOffsets\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 1
      datapoints   = 1
      missing_data = "notBreaching"
      wanted       = true
      pages        = var.loss_pages == "on"
    }
    loss-ahead = {
      description  = "A group of ${var.cluster} has nearly used up what retention keeps, and will lose records; the contributors say which."
      query        = "SELECT MAX(\"LossAhead\") FROM SCHEMA(\"${var.namespace}\", \"Cluster\", \"Group\") WHERE \"Cluster\" = '${var.cluster}' GROUP BY \"Group\" ORDER BY MAX() DESC"
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 3
      datapoints   = 2
      missing_data = "notBreaching"
      wanted       = true
      pages        = var.loss_pages == "on"
    }
  }

  # One series each.
  single = {
    unknown-groups = {
      description  = "Groups of ${var.cluster} that nothing could be told about, or that are expected and not there, look after look."
      namespace    = var.namespace
      metric       = "UnknownGroups"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Maximum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 3
      datapoints   = 3
      missing_data = "ignore"
    }
    function-errors = {
      description  = "Runs for ${var.cluster} fail, though some still publish; the log says why."
      namespace    = "AWS/Lambda"
      metric       = "Errors"
      dimensions   = { FunctionName = "meerkat-${var.name}" }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "GreaterThanThreshold"
      threshold    = 0
      evaluations  = 6
      datapoints   = 5
      missing_data = "notBreaching"
    }
    heartbeat-missing = {
      description  = "A run for ${var.cluster} has not finished for three periods. Before the first one this is no news: …-nobody-watches is what pages."
      namespace    = var.namespace
      metric       = "Heartbeat"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "LessThanThreshold"
      threshold    = var.parts
      evaluations  = 3
      datapoints   = 3
      missing_data = "breaching"
    }
    # No data until the first run has finished, then OK for good: a new deployment does not page because it is new.
    first-run = {
      description  = "OK from the first finished run for ${var.cluster} on; never in ALARM."
      namespace    = var.namespace
      metric       = "Heartbeat"
      dimensions   = { Cluster = var.cluster }
      statistic    = "Sum"
      seconds      = local.seconds
      comparison   = "LessThanThreshold"
      threshold    = 1
      evaluations  = 1
      datapoints   = 1
      missing_data = "ignore"
    }
  }

  wanted_by_group = { for name, alarm in local.by_group : name => alarm if alarm.wanted }
  in_page = concat(
    ["unknown-groups", "function-errors"],
    var.group_pages ? [] : [for name in ["group-status", "lag-seconds"] : name if local.by_group[name].wanted],
  )
  page_rule   = join(" OR ", [for name in local.in_page : "ALARM(\"${var.name}-${name}\")"])
  nobody_rule = "ALARM(\"${var.name}-heartbeat-missing\") AND OK(\"${var.name}-first-run\")"
  topics      = var.alarm_topic_arn == "" ? [] : [var.alarm_topic_arn]
}
