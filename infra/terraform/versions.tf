terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source = "hashicorp/aws"
      # invoked_via_function_url of aws_lambda_permission is there since 6.29, evaluation_criteria of aws_cloudwatch_metric_alarm since 6.43.
      version = ">= 6.43"
    }
  }
}
