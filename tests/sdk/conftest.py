"""What the tests with Amazon's SDK share."""

from tests.sdk.programs import sdk as sdk
